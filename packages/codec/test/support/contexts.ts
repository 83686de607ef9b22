import type { SipUri } from '@isthmus/model';
import type { SipParties, SipReadContext, SipWriteContext } from '../../src';

export const READ: SipReadContext = {
  at: 1000,
  trace: 't1',
  newTag: () => 'our-tag',
  maxTextBytes: 1000,
  session: { host: '192.0.2.1', port: 5060 },
  variant: 'lync',
};

export const WRITE: SipWriteContext = {
  dialect: 'microsoft',
  variant: 'lync',
  contactUri: 'sip:192.0.2.1:5060;transport=tcp',
  session: { host: '192.0.2.1', port: 5060 },
  proxy: 'sip:192.0.2.7:5061;transport=tls',
  presence: 'msrtc',
  inviteTimeoutMs: 90_000,
  requestTimeoutMs: 10_000,
};

export const PARTIES: SipParties = { user: 'sip:ann@example.com' as SipUri, contact: 'sip:bob@example.com' as SipUri };
