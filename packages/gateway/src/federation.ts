import { isOfDomain } from '@isthmus/rules';

export interface FederationSettings {
  /** Served domains, prepared. */
  readonly domains: readonly string[];
  /** Patterns of XMPP domains whose users may begin something with SIP users, prepared. */
  readonly xmppDomains: readonly string[];
  /** Patterns of XMPP domains with whose users SIP users may begin something, prepared. */
  readonly sipToXmpp: readonly string[];
}

/** `answer`: only with whom the other side has begun something. */
export type Permission = 'begin' | 'answer' | 'none';

/** Which XMPP domains SIP users have to do with (SEC-4; the manual, "Interdomain Federation"): the served ones, and those listed. */
export class Federation {
  constructor(private readonly settings: FederationSettings) {}

  isServed(domain: string): boolean {
    return this.settings.domains.includes(domain);
  }

  /** What users of this XMPP domain may do towards SIP users. */
  toSip(domain: string): Permission {
    const { xmppDomains, sipToXmpp } = this.settings;
    return this.permission(domain, xmppDomains, sipToXmpp);
  }

  /** What SIP users may do towards users of this XMPP domain. */
  toXmpp(domain: string): Permission {
    const { xmppDomains, sipToXmpp } = this.settings;
    return this.permission(domain, sipToXmpp, xmppDomains);
  }

  private permission(domain: string, begin: readonly string[], answer: readonly string[]): Permission {
    const isIn = (patterns: readonly string[]): boolean => patterns.some((pattern) => isOfDomain(pattern, domain));
    if (this.isServed(domain) || isIn(begin)) return 'begin';
    return isIn(answer) ? 'answer' : 'none';
  }
}
