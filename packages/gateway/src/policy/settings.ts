import { readJid, readPolicyEntry } from '@isthmus/codec';
import type { PolicyLists } from '@isthmus/model';
import type { Config } from '../config/schema';

/** What the configuration says about policy and commands, prepared. */
export interface PolicySettings {
  /** For all users. */
  readonly everyone: PolicyLists;
  /** SEC-14. */
  readonly mixedScripts: 'ask' | 'block';
  readonly maxListEntries: number;
  readonly maxListedWatchers: number;
  readonly commandsPerMinute: number;
  /** Bare JIDs. */
  readonly administrators: ReadonlySet<string>;
}

export function policySettings({ policy, administrators, limits }: Config): PolicySettings {
  const { autoAuthorize, allow, block, mixedScripts, maxListEntries } = policy;
  const { maxListedWatchers, commandsPerMinute } = limits;
  const everyone = { autoAuthorize, allow: prepared(allow), block: prepared(block) };
  return { everyone, mixedScripts, maxListEntries, maxListedWatchers, commandsPerMinute, administrators: new Set(administrators.map(bare)) };
}

function prepared(entries: readonly string[]): readonly string[] {
  return entries.map((text) => {
    const entry = readPolicyEntry(text);
    return entry.ok ? entry.value : text;
  });
}

function bare(text: string): string {
  const jid = readJid(text);
  return jid.ok ? jid.value.bare : text;
}
