/** Between one drachtio server and the workers: holds the dialogs, so that workers can come and go (docs/anchor.md). */
export { type Anchor, createAnchor } from './anchor';
export { AnchorOptionError, type AnchorOptions, type AnchorTls, type Place } from './options';
