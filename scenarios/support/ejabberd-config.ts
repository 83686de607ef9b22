import { LOOPBACK } from './ports';
import type { PartitionedServerOptions } from './xmpp-server';

export interface EjabberdOptions extends PartitionedServerOptions {
  /** Options of mod_isthmus as they are, wrong ones too. */
  readonly module?: Readonly<Record<string, unknown>>;
  /** Clients may ask for acknowledgements (XEP-0198). */
  readonly streamManagement?: boolean;
  /** Further options of the component's listener. */
  readonly listener?: Readonly<Record<string, unknown>>;
  readonly logLevel?: 'debug' | 'info' | 'warning' | 'error';
}

export interface EjabberdPorts {
  readonly c2sPort: number;
  readonly componentPort: number;
  readonly otherComponentPort: number;
}

/** The server's own modules that scenarios count on. */
const MODULES = {
  mod_roster: {},
  mod_disco: {},
  mod_ping: {},
  mod_offline: {},
  mod_caps: {},
  mod_privacy: {},
  mod_blocking: {},
  mod_carboncopy: {},
  mod_mam: { default: 'always' },
  mod_pubsub: { plugins: ['flat', 'pep'] },
  mod_vcard: { search: false },
  mod_version: {},
};

/** ejabberd.yml, as JSON, which is YAML. */
export function writeEjabberdConfig(options: EjabberdOptions, { c2sPort, componentPort, otherComponentPort }: EjabberdPorts): string {
  const { domain, component, secret = 'secret', furtherDomains = {}, unservedDomain, otherComponent, rooms } = options;
  const ip = LOOPBACK;
  const listensFor = (name: string, password: string, port: number) => ({ port, ip, module: 'ejabberd_service', hosts: { [name]: { password } } });
  const plugin = options.partitioned !== false && { mod_isthmus: { component, ...options.pluginOptions, ...options.module } };
  const modules = { ...MODULES, ...(options.streamManagement && { mod_stream_mgmt: { resume_timeout: 0 } }) };
  const hosts = {
    [domain]: { ...modules, ...plugin, ...(rooms !== undefined && { mod_muc: { host: rooms } }) },
    ...Object.fromEntries(Object.keys(furtherDomains).map((further) => [further, { ...modules, ...plugin }])),
    ...(unservedDomain !== undefined && { [unservedDomain]: modules }),
  };
  return JSON.stringify({
    hosts: Object.keys(hosts),
    loglevel: options.logLevel ?? 'info',
    auth_method: 'internal',
    // The client library (0.13) does not wait for its own SCRAM since sasl-scram-sha-1 1.4 computes it asynchronously.
    disable_sasl_mechanisms: ['scram-sha-1', 'scram-sha-256', 'scram-sha-512', 'digest-md5'],
    s2s_access: 'none',
    listen: [
      { port: c2sPort, ip, module: 'ejabberd_c2s', access: 'all' },
      { ...listensFor(component, secret, componentPort), ...options.listener },
      ...(otherComponent === undefined ? [] : [listensFor(otherComponent, 'other', otherComponentPort)]),
    ],
    host_config: Object.fromEntries(Object.entries(hosts).map(([host, loaded]) => [host, { modules: loaded }])),
  });
}
