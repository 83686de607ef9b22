import type { Presence } from '@isthmus/model';
import type { Element } from '../xml/element';
import { msrtcPidf } from './write-msrtc';
import { draftPidf, pidf, type PresenceDocumentOptions } from './write-pidf';

/** The forms that we write: PIDF as the RFCs have it, PIDF as Microsoft has it, and Microsoft's own document. */
export const PRESENCE_FORMATS = ['pidf', 'pidf-microsoft', 'msrtc'] as const;
export type PresenceFormat = (typeof PRESENCE_FORMATS)[number];

type Writer = (presence: Presence, options: PresenceDocumentOptions) => Element;

const WRITERS: Readonly<Record<PresenceFormat, readonly [contentType: string, write: Writer]>> = {
  pidf: ['application/pidf+xml', pidf],
  'pidf-microsoft': ['application/pidf+xml', draftPidf],
  msrtc: ['text/xml+msrtc.pidf', msrtcPidf],
};

/** The body of a NOTIFY with its media type. Texts are cleaned and escaped; a setting that a form lacks becomes its nearest. */
export function writePresenceDocument(
  format: PresenceFormat,
  presence: Presence,
  options: PresenceDocumentOptions,
): { readonly contentType: string; readonly body: string } {
  const [contentType, write] = WRITERS[format];
  return { contentType, body: `<?xml version="1.0" encoding="UTF-8"?>\n${write(presence, options).toString()}` };
}
