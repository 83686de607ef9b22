/** Content-Transfer-Encoding of a body part (RFC 2045 section 6). SIP itself has none: it occurs inside multipart only. */

const IDENTITY: ReadonlySet<string> = new Set(['', '7bit', '8bit', 'binary']);

/**
 * The octets of a part. `'as-is'`: the text is what it is. Undefined: the encoding is not known, or the text is not in it.
 */
export function transferDecode(encoding: string, text: string): Uint8Array | 'as-is' | undefined {
  const name = encoding.trim().toLowerCase();
  if (IDENTITY.has(name)) return 'as-is';
  if (name === 'base64') return fromBase64(text);
  if (name === 'quoted-printable') return fromQuotedPrintable(text);
  return undefined;
}

function fromBase64(text: string): Uint8Array | undefined {
  const compact = text.replace(/\s/g, '');
  if (!/^[A-Za-z0-9+/]*={0,2}$/.test(compact)) return undefined;
  return Buffer.from(compact, 'base64');
}

/** RFC 2045 section 6.7. An equals sign that starts neither a code nor a soft line break stays as it is. */
function fromQuotedPrintable(text: string): Uint8Array {
  const unfolded = text.replace(/=[ \t]*\r?\n/g, '');
  const chunks: Buffer[] = [];
  let start = 0;
  for (const match of unfolded.matchAll(/=([0-9A-Fa-f]{2})/g)) {
    chunks.push(Buffer.from(unfolded.slice(start, match.index), 'utf8'), Buffer.from([Number.parseInt(match[1] ?? '', 16)]));
    start = match.index + match[0].length;
  }
  chunks.push(Buffer.from(unfolded.slice(start), 'utf8'));
  return Buffer.concat(chunks);
}
