import type { Family, Setting } from '@isthmus/model';
import type { FamilyRow } from './tables/client-families';
import type { FourStates, XmppStates } from './tables/family';

type Overrides<State> = Partial<Readonly<Record<Family, Partial<Readonly<Record<Setting, State>>>>>>;

/** A deployment's own rows over the tables. What is absent stays as printed. */
export interface Tables {
  /** Over Tables 1-6 to 1-8: what a Microsoft client shows for a setting of an XMPP user, whatever the document. */
  readonly toMicrosoft?: Overrides<FourStates>;
  /** Over Table 1-5: what an XMPP client shows for a setting of a Microsoft user. */
  readonly fromMicrosoft?: Overrides<XmppStates>;
  /** Before our own rows. */
  readonly clientFamilies?: readonly FamilyRow[];
  /** Over our own texts of settings; `none`: no text but the user's own. */
  readonly statusTexts?: 'none' | Partial<Readonly<Record<Setting, string>>>;
}

/** The deployment's own word on a setting of a user of the family, if it has one. */
export function overridden<State>(overrides: Overrides<State> | undefined, family: Family, setting: Setting): State | undefined {
  return overrides?.[family]?.[setting];
}
