export { DEFAULT_RECONNECT } from './backoff';
export type { ReconnectPolicy } from './backoff';
export { XmppLinkError } from './errors';
export type { XmppLinkErrorCode } from './errors';
export type { StanzaHandler } from './inbox';
export { createXmppLink, XmppLink } from './link';
export type { XmppLinkChange, XmppLinkStatus } from './link';
export type { XmppLinkLog } from './log';
export type { XmppLinkOptions } from './options';
