/** BCP 47 as far as a header or an attribute needs it: subtags of letters and digits (RFC 5646 section 2.1). */
const LANGUAGE = /^[A-Za-z]{1,8}(-[A-Za-z0-9]{1,8}){0,7}$/;

/** The tag itself, fit for `xml:lang` and Content-Language alike; undefined for what is no language tag. */
export function readLanguage(tag: string | undefined): string | undefined {
  return tag !== undefined && LANGUAGE.test(tag) ? tag : undefined;
}
