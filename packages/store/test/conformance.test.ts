import { dueSuite } from './conformance/due';
import { leasesSuite } from './conformance/leases';
import { membersSuite } from './conformance/members';
import { pairsSuite } from './conformance/pairs';
import { policiesSuite } from './conformance/policies';
import { sideSuite } from './conformance/side';
import { usersSuite } from './conformance/users';
import { everywhere } from './support/worlds';

/** One suite for every adapter and every shape of Redis: what holds in one holds in all (DESIGN section 4). */
everywhere((place) => {
  for (const suite of [pairsSuite, dueSuite, policiesSuite, usersSuite, membersSuite, leasesSuite, sideSuite]) suite(place);
});
