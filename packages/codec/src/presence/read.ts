import { fail, fault, type Presence, type Result, succeed } from '@isthmus/model';
import { MEDIA_TYPES } from '@isthmus/rules';
import { readCategories } from './read-categories';
import { readMsrtcPidf } from './read-msrtc';
import { readPidf } from './read-pidf';
import { readXpidf } from './read-xpidf';

const READERS: ReadonlyMap<string, (body: string) => Result<Presence | undefined>> = new Map<string, (body: string) => Result<Presence | undefined>>([
  [MEDIA_TYPES.pidf, readPidf],
  [MEDIA_TYPES.msrtc, readMsrtcPidf],
  [MEDIA_TYPES.categories, readCategories],
  [MEDIA_TYPES.xpidf, readXpidf],
]);

/**
 * Reads the body of a NOTIFY. `contentType` is the header's value; its parameters are ignored, as is the encoding that
 * the document claims: `body` has been decoded (utf-16 is claimed in the wild by what is UTF-8).
 * Undefined: the body is empty or tells no state, so the state is unknown (RFC 3863 section 4.1.4), or unchanged.
 * Faults: `body.unsupported`, `body.malformed`, `body.too-large`.
 */
export function readPresenceDocument(contentType: string, body: string): Result<Presence | undefined> {
  if (body.trim() === '') {
    return succeed(undefined);
  }
  const mediaType = contentType.toLowerCase().split(';', 1).join().trim();
  const read = READERS.get(mediaType);
  return read === undefined ? fail(fault('body.unsupported')) : read(body);
}
