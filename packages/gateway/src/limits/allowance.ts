import { UNNAMED_PEER } from '../config/peers-schema';
import type { Peer } from '../peers/peer-list';

/** Under which name the requests of a peer are counted: each host of the short form (`sip.allow`) is a peer of its own. */
export function allowanceOf({ name }: Pick<Peer, 'name'>, address: string): string {
  return name === UNNAMED_PEER ? `${UNNAMED_PEER} ${address}` : name;
}
