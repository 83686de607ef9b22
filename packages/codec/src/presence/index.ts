export { readPresenceDocument } from './read';
export { formatOf, PRESENCE_FORMATS, writePresenceDocument, type PresenceFormat } from './write';
export type { PresenceDocumentOptions } from './write-pidf';
