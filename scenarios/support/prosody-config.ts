/** What a test server is made of. Everything is optional but the domain. */
export interface ProsodyOptions {
  /** The VirtualHost. */
  readonly domain: string;
  /** External component (XEP-0114); without it the server has none. */
  readonly component?: string;
  /** Secret of the component; 'secret' if not given. */
  readonly secret?: string;
  /** Accounts of the domain: local part to password. */
  readonly users?: Readonly<Record<string, string>>;
  /** Further VirtualHosts and their accounts; in partitioned mode the plug-in serves them too. */
  readonly furtherDomains?: Readonly<Record<string, Readonly<Record<string, string>>>>;
  /** Load mod_isthmus on the domain (partitioned mode); true if a component is given. */
  readonly partitioned?: boolean;
  /** Folders searched for modules; the project's own plug-ins if not given. */
  readonly plugins?: readonly string[];
  /** Options of mod_isthmus and of other modules, set on the domain. */
  readonly domainOptions?: Readonly<Record<string, LuaValue>>;
  /** Modules to load besides the usual ones. */
  readonly extraModules?: readonly string[];
  /** Usual modules to leave out. */
  readonly withoutModules?: readonly string[];
  /** Lines for the end of the configuration, for instance other components. */
  readonly extraConfig?: string;
  /** Links to other servers: the port where theirs come in, and the ports of those servers by domain. Default: there are none. */
  readonly s2s?: { readonly port: number; readonly peers: Readonly<Record<string, number>> };
  readonly storage?: 'internal' | 'memory' | 'sql';
  readonly logLevel?: 'debug' | 'info' | 'warn' | 'error';
}

export type LuaValue = string | number | boolean;

/** Where this instance lives. */
export interface ProsodyPlace {
  readonly directory: string;
  readonly address: string;
  readonly c2sPort: number;
  readonly componentPort: number;
  /** What its command is written behind, where it is on another host. */
  readonly behind?: readonly string[];
}

const MODULES = [
  'roster', 'saslauth', 'disco', 'carbons', 'mam', 'blocklist', 'pep', 'vcard4', 'vcard_legacy', 'ping', 'version', 'admin_shell',
] as const;

/** Writes a Lua literal. JSON's escapes are not all Lua's, so bytes outside plain ASCII are written as numbers. */
export function luaLiteral(value: LuaValue): string {
  if (typeof value !== 'string') {
    return String(value);
  }
  const bytes = Array.from(Buffer.from(value, 'utf8'));
  const isPlain = (byte: number): boolean => byte >= 0x20 && byte < 0x7f && byte !== 0x22 && byte !== 0x5c;
  return `"${bytes.map((byte) => (isPlain(byte) ? String.fromCharCode(byte) : `\\${String(byte).padStart(3, '0')}`)).join('')}"`;
}

function luaList(values: readonly string[]): string {
  return `{ ${values.map(luaLiteral).join(', ')} }`;
}

function assignments(options: Readonly<Record<string, LuaValue>>): string[] {
  return Object.entries(options).map(([name, value]) => `${name} = ${luaLiteral(value)}`);
}

/** Server-to-server links: by dialback (XEP-0220), without TLS, to servers on this machine. */
function s2sSection({ s2s }: ProsodyOptions, place: ProsodyPlace): string[] {
  if (s2s === undefined) return [];
  const peers = Object.entries(s2s.peers).map(([domain, port]) => `[${luaLiteral(domain)}] = ${port}`);
  return [
    `s2s_ports = { ${s2s.port} }`,
    `s2s_interfaces = ${luaList([place.address])}`,
    ...assignments({ s2s_require_encryption: false, s2s_secure_auth: false }),
    `test_peers = { ${peers.join(', ')} }`,
  ];
}

/** The server-wide section: loopback only, no TLS (nothing leaves the machine), server-to-server traffic where asked for. */
function globalSection(options: ProsodyOptions, place: ProsodyPlace, plugins: readonly string[]): string[] {
  const runAsRoot = process.getuid?.() === 0;
  return [
    ...assignments({
      data_path: `${place.directory}/data`,
      pidfile: `${place.directory}/prosody.pid`,
      run_as_root: runAsRoot,
      daemonize: false,
      authentication: 'internal_plain',
      storage: options.storage ?? 'internal',
      c2s_require_encryption: false,
      allow_unencrypted_plain_auth: true,
      use_libevent: false,
    }),
    // The client library (0.13) does not wait for its own SCRAM since sasl-scram-sha-1 1.4 computes it asynchronously.
    'disable_sasl_mechanisms = { "SCRAM-SHA-1", "SCRAM-SHA-256" }',
    `plugin_paths = ${luaList(plugins)}`,
    'network_settings = { nagle = false }',
    `modules_enabled = ${luaList([...MODULES.filter((name) => !options.withoutModules?.includes(name)), ...(options.s2s === undefined ? [] : ['dialback', 'test_peers']), ...(options.extraModules ?? [])])}`,
    `modules_disabled = ${luaList([...(options.s2s === undefined ? ['s2s'] : []), 'tls', 'http'])}`,
    ...s2sSection(options, place),
    `interfaces = ${luaList([place.address])}`,
    `c2s_ports = { ${place.c2sPort} }`,
    `component_interfaces = ${luaList([place.address])}`,
    `component_ports = { ${place.componentPort} }`,
    `log = { { levels = { min = ${luaLiteral(options.logLevel ?? 'debug')} }, to = "console" } }`,
  ];
}

function domainSection(options: ProsodyOptions): string[] {
  const further = Object.keys(options.furtherDomains ?? {});
  const lines = [`VirtualHost ${luaLiteral(options.domain)}`, ...assignments(options.domainOptions ?? {})];
  if (options.component !== undefined && options.partitioned !== false) {
    lines.push('modules_enabled = { "isthmus" }', ...assignments({ isthmus_component: options.component }));
    if (further.length > 0) lines.push(`isthmus_domains = ${luaList(further)}`);
  }
  return [...lines, ...further.map((domain) => `VirtualHost ${luaLiteral(domain)}`)];
}

function componentSection(options: ProsodyOptions): string[] {
  if (options.component === undefined) {
    return [];
  }
  return [`Component ${luaLiteral(options.component)}`, ...assignments({ component_secret: options.secret ?? 'secret' })];
}

/** Writes prosody.cfg.lua. */
export function writeProsodyConfig(options: ProsodyOptions, place: ProsodyPlace, plugins: readonly string[]): string {
  return [
    ...globalSection(options, place, plugins),
    ...domainSection(options),
    ...componentSection(options),
    options.extraConfig ?? '',
    '',
  ].join('\n');
}
