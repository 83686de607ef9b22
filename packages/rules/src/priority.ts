/** Priorities (RFC 8048 Table 1 note 6; RFC 3863 section 4.1.5; standards requirement of section 4.3). */

const MAX_PRIORITY = 127;
const PIDF_PRIORITY = /^(?:0(?:\.[0-9]{0,3})?|1(?:\.0{0,3})?)$/;

/** The `priority` of a PIDF contact: three decimals, or undefined for a negative or impossible one (MUST NOT be mapped). */
export function priorityToPidf(priority: number): string | undefined {
  if (!Number.isInteger(priority) || priority < 0 || priority > MAX_PRIORITY) {
    return undefined;
  }
  return (Math.floor((priority * 1000) / MAX_PRIORITY) / 1000).toFixed(3);
}

/** The priority of an XMPP presence, 0 to 127; undefined where the text is out of range or no decimal of RFC 3863. */
export function priorityFromPidf(text: string): number | undefined {
  if (!PIDF_PRIORITY.test(text)) {
    return undefined;
  }
  const thousandths = Math.round(Number(text) * 1000);
  return Math.ceil((thousandths * MAX_PRIORITY) / 1000);
}
