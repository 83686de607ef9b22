import type { Target } from '../support/target';
import { address } from './addresses';
import { envelope, textBody } from './bodies';
import { presenceDocument, smallDocument } from './documents';
import { sipOutcome } from './sip-outcome';
import { sipRequest } from './sip-request';
import { sipStream } from './sip-stream';
import { stanza } from './stanzas';

/** Everything that reads what others have written. */
export const TARGETS: readonly Target[] = [sipStream, sipRequest, sipOutcome, presenceDocument, smallDocument, textBody, envelope, address, stanza];
