import xml from '@xmpp/xml';

import { XmlStream } from './xml-stream';

const HEADER = "<stream:stream xmlns='xmpp:prosody.im/admin' xmlns:stream='http://etherx.jabber.org/streams' version='1.0'>";

/**
 * Runs one line of Prosody's shell over its admin socket, as `prosodyctl shell` does but without a process.
 * @returns what the command has printed, and its result as the last line
 * @throws when the command fails
 */
export async function runShellCommand(socketPath: string, line: string): Promise<string> {
  const stream = new XmlStream('prosody shell', { path: socketPath }, HEADER);
  try {
    await stream.opened;
    stream.send(xml('repl-input', {}, line));
    const printed: string[] = [];
    for (;;) {
      const element = await stream.take(`result of ${line}`, () => true);
      printed.push(element.text());
      if (element.is('repl-result')) {
        if (element.attrs['type'] === 'error') throw new Error(`prosody shell: ${line}: ${printed.join('\n')}`);
        return printed.join('\n');
      }
    }
  } finally {
    await stream.cut();
  }
}
