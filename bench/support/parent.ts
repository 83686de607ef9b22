import type { Server } from 'node:net';

type Tells = { readonly is: 'done'; readonly of: string } | { readonly is: 'failed'; readonly why: string } | { readonly is: 'ready'; readonly port: number };

/** What a process does on each command. */
export type Commands<Command extends { readonly do: string }> = { readonly [Name in Command['do']]: (command: Extract<Command, { readonly do: Name }>) => Promise<void> };

/** The benchmark's end of the line, seen from a process that it has started: what that reports to it. */
export function report(message: object): void {
  process.send?.(message);
}

/** Obeys the benchmark: one command at a time, each answered by `done` or `failed`; ends with it. */
export function obey<Command extends { readonly do: string }>(commands: Commands<Command>): void {
  process.on('message', (command: Command) => {
    const run = commands[command.do as Command['do']] as unknown as (each: Command) => Promise<void>;
    run(command).then(
      () => report({ is: 'done', of: command.do } satisfies Tells),
      (error: unknown) => report({ is: 'failed', why: error instanceof Error ? error.message : String(error) } satisfies Tells),
    );
  });
  process.on('disconnect', () => process.exit(0));
}

/** Listens on any free port of this machine, and reports `ready` with it. */
export function listen(server: Server, listening: (port: number) => void): void {
  server.listen(0, '127.0.0.1', () => {
    const { port } = server.address() as { port: number };
    listening(port);
    report({ is: 'ready', port } satisfies Tells);
  });
}
