import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Golden cases: files of one base name in `test/cases/<topic>`, e.g. `chat.xml` and `chat.json`. */
export function caseNames(topic: string, extension: string): readonly string[] {
  const names = readdirSync(join(__dirname, '..', 'cases', topic));
  const found = names.filter((name) => name.endsWith(`.${extension}`)).map((name) => name.slice(0, -extension.length - 1));
  if (found.length === 0) throw new Error(`no cases in ${topic}`);
  return found.sort();
}

export function caseText(topic: string, name: string): string {
  return readFileSync(join(__dirname, '..', 'cases', topic, name), 'utf8');
}

export function caseJson<T>(topic: string, name: string): T {
  return JSON.parse(caseText(topic, `${name}.json`)) as T;
}

/** XML without the white space between tags that makes a case file readable. */
export function compactXml(text: string): string {
  return text.trim().replace(/>\s+</g, '><');
}
