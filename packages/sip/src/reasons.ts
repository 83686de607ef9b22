/** Reason phrases of the answers that we give (RFC 3261 section 21, and the RFCs that added some). */
const PHRASES: Readonly<Record<number, string>> = {
  180: 'Ringing',
  200: 'OK',
  202: 'Accepted',
  400: 'Bad Request',
  403: 'Forbidden',
  404: 'Not Found',
  405: 'Method Not Allowed',
  408: 'Request Timeout',
  413: 'Request Entity Too Large',
  415: 'Unsupported Media Type',
  416: 'Unsupported URI Scheme',
  420: 'Bad Extension',
  423: 'Interval Too Brief',
  480: 'Temporarily Unavailable',
  481: 'Call/Transaction Does Not Exist',
  483: 'Too Many Hops',
  486: 'Busy Here',
  488: 'Not Acceptable Here',
  489: 'Bad Event',
  491: 'Request Pending',
  500: 'Server Internal Error',
  501: 'Not Implemented',
  503: 'Service Unavailable',
  504: 'Server Time-out',
  603: 'Decline',
  606: 'Not Acceptable',
};

/** What the classes mean (RFC 3261 section 7.2). */
const CLASSES = ['', 'Trying', 'OK', 'Redirection', 'Request Failure', 'Server Failure', 'Global Failure'];

export function phraseOf(status: number): string {
  return PHRASES[status] ?? CLASSES[Math.floor(status / 100)] ?? 'Failure';
}
