/** Links that are kept as text when markup is reduced (SEC-13). */

const SCHEMES = /^(https?|ftp|mailto|sips?|tel|xmpp):/i;

/** May this target be shown as a link? Others, scripts for one, leave no trace. */
export function isLinkTarget(target: string): boolean {
  return SCHEMES.test(target);
}

/** What is written behind a link's own text; undefined where that text says it already. */
export function linkSuffix(shown: string, target: string): string | undefined {
  const plain = target.replace(/^mailto:/i, '');
  if (shown === target || shown === plain || `${shown}/` === target) return undefined;
  return shown === '' ? target : `<${target}>`;
}
