import type { Dialect, Presence } from '@isthmus/model';
import { MEDIA_TYPES } from '@isthmus/rules';
import type { Element } from '../xml/element';
import { categories } from './write-categories';
import { msrtcPidf } from './write-msrtc';
import { draftPidf, pidf, type PresenceDocumentOptions } from './write-pidf';
import { xpidf } from './write-xpidf';

/** The forms that we write: PIDF as the RFCs have it, PIDF as Microsoft has it, and Microsoft's own three documents. */
export const PRESENCE_FORMATS = ['pidf', 'pidf-microsoft', 'msrtc', 'categories', 'xpidf'] as const;
export type PresenceFormat = (typeof PRESENCE_FORMATS)[number];

type Writer = (presence: Presence, options: PresenceDocumentOptions) => Element;

const WRITERS: Readonly<Record<PresenceFormat, readonly [contentType: string, write: Writer]>> = {
  pidf: [MEDIA_TYPES.pidf, pidf],
  'pidf-microsoft': [MEDIA_TYPES.pidf, draftPidf],
  msrtc: [MEDIA_TYPES.msrtc, msrtcPidf],
  categories: [MEDIA_TYPES.categories, categories],
  xpidf: [MEDIA_TYPES.xpidf, xpidf],
};

/** The form of a media type; Microsoft's clients understand their own draft of PIDF only (microsoft-dialect.md section 1.4). */
export function formatOf(mediaType: string | undefined, dialect: Dialect): PresenceFormat {
  const [form] = (['categories', 'msrtc', 'xpidf'] as const).filter((name) => MEDIA_TYPES[name] === mediaType);
  return form ?? (dialect === 'microsoft' ? 'pidf-microsoft' : 'pidf');
}

/** The body of a NOTIFY with its media type. Texts are cleaned and escaped; a setting that a form lacks becomes its nearest. */
export function writePresenceDocument(
  format: PresenceFormat,
  presence: Presence,
  options: PresenceDocumentOptions,
): { readonly contentType: string; readonly body: string } {
  const [contentType, write] = WRITERS[format];
  return { contentType, body: `<?xml version="1.0" encoding="UTF-8"?>\n${write(presence, options).toString()}` };
}
