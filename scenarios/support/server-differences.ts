import { SERVER_UNDER_TEST } from './partitioned-server';

const isProsody = SERVER_UNDER_TEST === 'prosody';

/**
 * Where the XMPP servers themselves differ, with our plug-in or without it: what only the one that this run is for does. Scenarios that are about
 * such a thing ask here; every other scenario is played on all servers.
 */
export const ONLY = {
  /** Without the plug-in a component has one connection; ejabberd takes any number and shares stanzas among them. */
  oneConnectionOfAComponent: isProsody,
  /** Says to a component that is not declared that it does not know it; ejabberd says that the secret is wrong. */
  namesUnknownComponents: isProsody,
  /** Takes stanzas whose `xml:lang` is no language tag; ejabberd returns them as `bad-request`. */
  passesWrongLanguages: isProsody,
  /** Takes a resource with characters that Resourceprep forbids (RFC 6122 appendix B.5). */
  takesForbiddenResources: isProsody,
  /** Tells contacts of an item that was retracted (XEP-0060 section 7.2); with ejabberd 23.01 clients publish an empty one. */
  tellsOfRetraction: isProsody,
} as const;
