export type { OnProvisional } from './client-transaction';
export { anchoredAt } from './connector';
export { createSipLinks, SipLinks } from './links';
export type { SipLinkChange, SipRequestHandler, SipServerState } from './links';
export type { SipLinkLog } from './log';
export type { ServerTls, SipLinksOptions, SipServer } from './options';
export type { AnswerResult } from './server-link';
export { LARGEST_REQUEST_BYTES } from './write-gate';
