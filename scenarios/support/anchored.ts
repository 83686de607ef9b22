import { runAnchor } from './anchor-program';
import { freePort, LOOPBACK } from './ports';
import type { Exit, Program } from './process';

const WORKER_SECRET = 'anchor-test-secret';

export interface AnchoredPorts {
  readonly sipPort: number;
  /** Where workers connect. */
  readonly adminPort: number;
}

/** A SIP server with its anchor: `isthmus anchor` as its own process, which has started the SIP server. */
export class AnchoredServer {
  readonly secret = WORKER_SECRET;

  private constructor(
    private readonly program: Program,
    readonly sipPort: number,
    readonly adminPort: number,
    private readonly httpPort: number,
  ) {}

  /** @param ports those of an earlier one, to come back in its place */
  static async start(ports?: AnchoredPorts): Promise<AnchoredServer> {
    const sipPort = ports?.sipPort ?? (await freePort());
    const adminPort = ports?.adminPort ?? (await freePort());
    const [serverPort, httpPort] = [await freePort(), await freePort()];
    const program = await runAnchor({ address: LOOPBACK, sipPort, serverPort, listenPort: adminPort, httpPort, secret: WORKER_SECRET });
    return new AnchoredServer(program, sipPort, adminPort, httpPort);
  }

  /** Of the anchor. */
  get pid(): number {
    return this.program.pid;
  }

  /** Of the SIP server that it has started. */
  get serverPid(): number {
    return Number(/"pid":(\d+),"event":"sip_server_started"/.exec(this.program.log)?.[1]);
  }

  get exited(): Promise<Exit> {
    return this.program.exited;
  }

  get log(): string {
    return this.program.log;
  }

  /** One of its metrics, by its name with labels. */
  async metric(name: string): Promise<number> {
    const text = await (await fetch(`http://127.0.0.1:${this.httpPort}/metrics`)).text();
    const line = text.split('\n').find((each) => each.startsWith(`${name} `));
    return Number(line?.split(' ')[1] ?? Number.NaN);
  }

  kill(signal: NodeJS.Signals): void {
    this.program.kill(signal);
  }

  async stop(): Promise<void> {
    await this.program.stop();
  }
}
