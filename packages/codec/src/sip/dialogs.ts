import type { Dialog } from '@isthmus/engine';
import { readNameAddr, readSipUri } from '../address';

/** The server's id of a dialog (drachtio.md section 2.4): it is named after the request that created it. */
export function stackIdOf(callId: string, creatorTag: string): string {
  return `${callId};from-tag=${creatorTag}`;
}

/** The dialog once the server has lost it: all further requests are made by hand (DR-9, DR-36). */
export function handMade(dialog: Dialog): Dialog {
  return { ...dialog, handMade: true };
}

/** A longer target is not kept: the server could not fill it in either (drachtio.md section 4.1). */
const MAX_TARGET = 2000;

/** The URI of the first Contact (RFC 3261 section 12.1). Undefined: there is none that can be used. */
export function readTarget(contact: string | undefined): string | undefined {
  if (contact === undefined || contact.length > MAX_TARGET) return undefined;
  const read = readNameAddr(contact);
  const uri = read.ok ? read.value.uri : /<([^<>\s]+)>/.exec(contact)?.[1];
  return uri !== undefined && readSipUri(uri).ok ? uri : undefined;
}
