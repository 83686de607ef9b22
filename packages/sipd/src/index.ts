/** A small SIP server that speaks drachtio's control protocol: embedded default, and test double for drachtio-server. */
export { ANCHOR_DEFAULTS, type AnchorLimits } from './anchor/options';
export { type AnchorCounts, Relay, type RelayOptions, type ServerPort } from './anchor/relay';
export { scoreOf } from './anchor/rendezvous';
export { joined, readHead } from './anchor/scan';
export { framed, FrameReader } from './control/frame';
export { Together } from './control/together';
export type { Intake } from './intake';
export type { Observer, ReachedLimit } from './observer';
export { createSipd, type Sipd, type SipdCounts } from './server';
export {
  DEFAULT_LIMITS,
  type Limits,
  type Log,
  type LogLevel,
  type Protocol,
  SipdOptionError,
  type SipdOptions,
  type SipListener,
  type TimerValues,
} from './options';
export { type CredentialProblem, credentialProblems } from './tls/credentials';
export type { CertificateFiles, TlsOptions } from './tls/options';
export { NO_SWITCHES, type Switches } from './switches';
export type { Endpoint, Target } from './transport/flow';
