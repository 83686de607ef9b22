/** Why a TLS connection was not made, in words that an administrator can act on. */
import { isIP } from 'node:net';
import type { PeerCertificate } from 'node:tls';
import { namesInWords } from './identity';

/** What is known of a failed handshake. */
export interface FailedHandshake {
  /** Error code of Node or OpenSSL, or the code of a verification that failed. */
  readonly code: string;
  readonly message: string;
  readonly certificate?: PeerCertificate | undefined;
  /** The name that the peer should have shown. */
  readonly expected?: string;
}

/** The certificate is good, but is not for the name that the peer must have. */
export const MISNAMED = 'ERR_TLS_CERT_ALTNAME_INVALID';
/** Our own code for a peer that ends the connection before it has said a word. */
export const CLOSED_AFTERWARDS = 'ERR_CLOSED_AFTER_HANDSHAKE';
/** OpenSSL's code for a peer that shows no certificate although one is required. */
export const NO_CERTIFICATE = 'ERR_SSL_PEER_DID_NOT_RETURN_A_CERTIFICATE';

const UNKNOWN_CA = 'its certificate was issued by an authority that is not in the CA file here';
const NO_TLS = 'it speaks no TLS on this port';
const TOO_OLD = 'it speaks only a version of TLS that is too old';

/** Verdicts of OpenSSL on the peer's certificate. */
const VERIFICATION: Readonly<Record<string, string>> = {
  DEPTH_ZERO_SELF_SIGNED_CERT: 'its certificate is self-signed, and not in the CA file here',
  SELF_SIGNED_CERT_IN_CHAIN: UNKNOWN_CA,
  UNABLE_TO_GET_ISSUER_CERT: UNKNOWN_CA,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: UNKNOWN_CA,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: `${UNKNOWN_CA}, or it sends no intermediate certificates`,
  CERT_HAS_EXPIRED: 'its certificate, or one in its chain, has expired',
  CERT_NOT_YET_VALID: 'its certificate, or one in its chain, is not valid yet; or the clock here is wrong',
  CERT_UNTRUSTED: UNKNOWN_CA,
  CERT_SIGNATURE_FAILURE: 'the signature of its certificate is wrong',
  CERT_CHAIN_TOO_LONG: 'its certificate has too many intermediate certificates',
  INVALID_CA: 'its certificate was issued by a certificate that may issue none',
  INVALID_PURPOSE: 'its certificate is not for this use: it lacks the extended key usage of a TLS server or client',
  CA_MD_TOO_WEAK: 'its certificate chain uses a hash that is too weak',
  EE_KEY_TOO_SMALL: 'the key of its certificate is too short',
};

/** Errors of the handshake itself, on either side. An alert is the peer's word about us. */
const HANDSHAKE: Readonly<Record<string, string>> = {
  [NO_CERTIFICATE]: 'it shows no certificate, and one is required',
  ERR_SSL_WRONG_VERSION_NUMBER: NO_TLS,
  ERR_SSL_HTTP_REQUEST: NO_TLS,
  ERR_SSL_PACKET_LENGTH_TOO_LONG: NO_TLS,
  ERR_SSL_UNSUPPORTED_PROTOCOL: TOO_OLD,
  ERR_SSL_VERSION_TOO_LOW: TOO_OLD,
  ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION: `${TOO_OLD}, or none that is allowed here`,
  ERR_SSL_NO_SHARED_CIPHER: 'it and this side have no cipher in common',
  ERR_TLS_HANDSHAKE_TIMEOUT: 'its TLS handshake did not end in time',
  ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED: 'it demands a client certificate, and none is configured here',
  ERR_SSL_SSLV3_ALERT_HANDSHAKE_FAILURE: 'it refused the handshake: it may demand another client certificate or cipher',
  ERR_SSL_TLSV1_ALERT_UNKNOWN_CA: 'it refused our certificate: it does not know the authority that issued it',
  ERR_SSL_SSLV3_ALERT_CERTIFICATE_UNKNOWN: 'it refused our certificate',
  ERR_SSL_SSLV3_ALERT_BAD_CERTIFICATE: 'it refused our certificate',
  ERR_SSL_SSLV3_ALERT_UNSUPPORTED_CERTIFICATE: 'it refused our certificate: it lacks the extended key usage that is needed there',
  ERR_SSL_SSLV3_ALERT_CERTIFICATE_EXPIRED: 'it refused our certificate: it has expired',
  ERR_SSL_TLSV1_ALERT_ACCESS_DENIED: 'it refused our certificate: this name may not connect there',
  ERR_SSL_TLSV1_UNRECOGNIZED_NAME: 'it has no certificate for the name that was asked for',
  ECONNRESET: 'it closed the connection during the TLS handshake: it may not accept our certificate, or speak no TLS on this port',
  [CLOSED_AFTERWARDS]: 'it closed the connection right after the TLS handshake: it may not accept our certificate',
  ECONNREFUSED: 'connection refused',
  ETIMEDOUT: 'no answer',
  EHOSTUNREACH: 'no way to its host',
  ENETUNREACH: 'no way to its network',
};

/** The text is one line of printable ASCII, since it goes into reason phrases: names of a certificate are the peer's to choose. */
export function explainFailure(failed: FailedHandshake): string {
  return inWords(failed).replace(/[^\x20-\x7e]/g, '?').slice(0, 240);
}

function inWords({ code, message, certificate, expected = 'this peer' }: FailedHandshake): string {
  if (code === MISNAMED && certificate !== undefined) {
    const hint = isIP(expected) === 0 ? '' : ', an address: say by which name it is to be known';
    return `its certificate is for ${namesInWords(certificate)}, not for ${expected}${hint}`;
  }
  return VERIFICATION[code] ?? HANDSHAKE[code] ?? `TLS failed: ${message}`;
}
