/** Content-Type (RFC 3261 sections 20.15 and 25.1, RFC 2045 section 5.1), read leniently. */
export interface ContentType {
  /** `type/subtype`, lower case. */
  readonly type: string;
  /** By lower-case name; quotes are gone from the values. */
  readonly parameters: ReadonlyMap<string, string>;
}

const TYPE = /^\s*([\w!#$%&'*+.^`{|}~-]+)\s*\/\s*([\w!#$%&'*+.^`{|}~-]+)/;
const PARAMETER = /\s*;\s*([\w!#$%&'*+.^`{|}~-]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^;"\s]*))/y;

/** No header of a real peer has so many; the rest is not looked at. */
const MAX_PARAMETERS = 32;

/** Undefined: there is no media type in it. */
export function readContentType(value: string): ContentType | undefined {
  const head = TYPE.exec(value);
  if (head === null) return undefined;
  const parameters = new Map<string, string>();
  PARAMETER.lastIndex = head[0].length;
  for (let count = 0; count < MAX_PARAMETERS; count += 1) {
    const match = PARAMETER.exec(value);
    if (match === null) break;
    const [, name = '', quoted, token = ''] = match;
    parameters.set(name.toLowerCase(), quoted?.replace(/\\(.)/g, '$1') ?? token);
  }
  return { type: `${head[1]}/${head[2]}`.toLowerCase(), parameters };
}
