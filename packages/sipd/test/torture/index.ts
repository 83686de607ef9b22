import type { TortureCase } from './case';
import { INVALID } from './invalid';
import { IPV6 } from './ipv6';
import { LAYERS } from './layers';
import { VALID } from './valid';

export type { Place, TortureCase } from './case';

/** All of them, in the order of the RFCs. */
export const TORTURE: readonly TortureCase[] = [...VALID, ...INVALID, ...LAYERS, ...IPV6];
