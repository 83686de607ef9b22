/** One SIP message, looked at only as far as a benchmark needs. */
export class WireMessage {
  readonly method: string;
  /** 0 for a request. */
  readonly status: number;

  constructor(
    private readonly head: string,
    readonly body: string,
  ) {
    const [first = '', second = ''] = head.split(' ', 2);
    this.method = first;
    this.status = first === 'SIP/2.0' ? Number(second) : 0;
  }

  get(name: string): string {
    return this.all(name)[0] ?? '';
  }

  all(name: string): string[] {
    const wanted = `${name.toLowerCase()}:`;
    return this.head
      .split('\r\n')
      .filter((line) => line.toLowerCase().startsWith(wanted))
      .map((line) => line.slice(wanted.length).trim());
  }
}

/** Cuts a TCP stream into SIP messages (RFC 3261 section 18.3). */
export class SipStream {
  private buffer: Buffer = Buffer.alloc(0);

  constructor(private readonly take: (message: WireMessage) => void) {}

  push(chunk: Buffer): void {
    this.buffer = this.buffer.length === 0 ? chunk : Buffer.concat([this.buffer, chunk]);
    for (;;) {
      const end = this.buffer.indexOf('\r\n\r\n');
      if (end < 0) return;
      const head = this.buffer.toString('utf8', 0, end);
      const length = Number(/\r\n(?:content-length|l)\s*:\s*(\d+)/i.exec(head)?.[1] ?? 0);
      if (this.buffer.length < end + 4 + length) return;
      const body = this.buffer.toString('utf8', end + 4, end + 4 + length);
      this.buffer = this.buffer.subarray(end + 4 + length);
      if (head.trim() !== '') this.take(new WireMessage(head.trimStart(), body));
    }
  }
}
