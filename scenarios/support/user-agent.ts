/** What the SIP user agents of the scenarios tell, whichever program they are. */

export interface ChatMessage {
  readonly from: string;
  readonly text: string;
}

export interface ContactStatus {
  readonly contact: string;
  /** In the program's own words. */
  readonly status: string;
}
