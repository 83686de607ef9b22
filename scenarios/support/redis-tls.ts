import type { IssuedCertificate } from './certificates';

/** How servers of Redis speak TLS: with one certificate for all of them, towards each other too. */
export interface RedisTls extends IssuedCertificate {
  /** PEM file of the authorities that they believe. */
  readonly ca: string;
  /** Do they want a certificate of everybody who connects? Default: yes, as Redis has it. */
  readonly clients?: 'yes' | 'no' | 'optional';
}

/** As they stand in the configuration of a Redis or a Sentinel. */
export const tlsSettings = ({ ca, certificate, key, clients = 'yes' }: RedisTls): readonly (readonly [string, string])[] => [
  ['tls-ca-cert-file', ca],
  ['tls-cert-file', certificate],
  ['tls-key-file', key],
  ['tls-auth-clients', clients],
  ['tls-replication', 'yes'],
  ['tls-cluster', 'yes'],
];

/** For redis-cli. */
export const tlsArgs = ({ ca, certificate, key }: RedisTls): readonly string[] => ['--tls', '--cacert', ca, '--cert', certificate, '--key', key];
