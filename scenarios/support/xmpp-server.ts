/** What a scenario needs of an XMPP server, whichever it is. */
export interface XmppServer {
  /** Port for clients, without TLS. */
  readonly c2sPort: number;
  /** Port for components (XEP-0114). */
  readonly componentPort: number;
  stop(): Promise<unknown>;
}

/** An XMPP server with the partition plug-in, as tests of the plug-in and scenarios handle it. */
export interface PartitionedServer extends XmppServer {
  readonly domain: string;
  readonly component: string;
  /** Secret of the component. */
  readonly secret: string;
  /** Of the process that runs now. */
  readonly pid: number;
  /** Port for the other component, where there is one. */
  readonly otherComponentPort: number;
  /** All output of the running process so far. */
  readonly log: string;
  /** Claims the next line of the log that matches. */
  logLine(pattern: RegExp, deadlineMs?: number): Promise<string>;
  /** Waits for the next connection to the port for components, taken or refused, that the log tells of. */
  componentConnection(): Promise<string>;
  kill(signal: NodeJS.Signals): void;
  /** Waits until all that users were told is done is on the disk. */
  saved(): Promise<unknown>;
  /** Stops the server and starts it again with the same storage on the same ports. */
  restart(): Promise<void>;
  /** Makes an account in the running server, as an administrator does. */
  createAccount(user: string, password: string, domain?: string): Promise<void>;
  deleteAccount(user: string, domain?: string): Promise<void>;
  /** Loads the plug-in into a server that runs without it. */
  loadPlugin(): Promise<void>;
  /** Reloads the plug-in; its connections stay. */
  reloadPlugin(): Promise<void>;
}

/** What a server with the plug-in is made of, whichever it is. */
export interface PartitionedServerOptions {
  /** The served domain. */
  readonly domain: string;
  readonly component: string;
  /** Secret of the component; 'secret' if not given. */
  readonly secret?: string;
  /** The plug-in serves the domains; default true. */
  readonly partitioned?: boolean;
  /** Accounts of the domain: local part to password. */
  readonly users?: Readonly<Record<string, string>>;
  /** Further served domains and their accounts. */
  readonly furtherDomains?: Readonly<Record<string, Readonly<Record<string, string>>>>;
  /** A domain of the server that the plug-in does not serve, without accounts. */
  readonly unservedDomain?: string;
  /** Options of the plug-in, without its prefix; times in seconds. */
  readonly pluginOptions?: Readonly<Record<string, number>>;
  /** Another component (XEP-0114), with the secret 'other'. */
  readonly otherComponent?: string;
  /** Domain of a service for rooms (XEP-0045) that are open at once. */
  readonly rooms?: string;
}
