import { readJid, type Addressing } from '@isthmus/codec';
import type { BareJid } from '@isthmus/model';

/** The SIP user who appears as the contact; undefined: nobody does. */
export function sipUserOf(addressing: Addressing, contact: BareJid): BareJid | undefined {
  const jid = readJid(contact);
  return jid.ok ? addressing.sipUserOf(jid.value)?.bare : undefined;
}
