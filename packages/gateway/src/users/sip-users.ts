import type { BareJid } from '@isthmus/model';

/** The list of SIP users, for advanced routing (the manual, "Request Routing"). */
export interface SipUsers {
  /** Is the SIP user of this address on the list? At once where nobody has to be asked; rejects when the list cannot be read. */
  has(user: BareJid): boolean | Promise<boolean>;
  /** Reads the list again, if it is one that can be read. */
  refresh(): void;
  stop(): void;
}
