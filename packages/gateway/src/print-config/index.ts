import type { Config } from '../config/schema';
import { printDrachtio } from './drachtio';
import { printEjabberd } from './ejabberd';
import { printHaproxy } from './haproxy';
import { printLync } from './lync';
import { printProsody } from './prosody';

const PRINTERS = { prosody: printProsody, ejabberd: printEjabberd, drachtio: printDrachtio, lync: printLync, haproxy: printHaproxy } as const;

export type Printable = keyof typeof PRINTERS;
export const PRINTABLE = Object.keys(PRINTERS) as readonly Printable[];

/** What the administrator must paste on the other side, with this configuration's own names and ports filled in. */
export function printConfig(what: Printable, config: Config): string {
  return PRINTERS[what](config);
}
