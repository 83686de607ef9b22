#!/usr/bin/env node
// Stands where drachtio stands in its image: takes drachtio's command line, configuration and environment, and runs sipd by them.
const { readFileSync, writeFileSync } = require('node:fs');
const { parseArgs } = require('node:util');

const text = { type: 'string' };
const { values } = parseArgs({ options: { file: text, contact: text, 'external-ip': text, 'local-net': text } });
const xml = readFileSync(values.file, 'utf8');
const [, port, host] = /<admin port="(\d+)">([\d.]+)<\/admin>/.exec(xml) ?? [];
const [, address, sipPort, transports] = /^sip:([\d.]+):(\d+);transport=([a-z,]+)$/.exec(values.contact) ?? [];
// sipd reads its secret from a file only, and shows the address that it listens on: there is no translation of addresses here.
const secret = `/tmp/sipd-secret-${process.pid}`;
writeFileSync(secret, process.env.DRACHTIO_SECRET ?? '', { mode: 0o600 });
const sip = transports.split(',').flatMap((transport) => ['--sip', `${transport}:${address}:${sipPort}`]);
require('/opt/isthmus/packages/sipd/dist/main').main(['--admin', `${host}:${port}`, '--secret-file', secret, ...sip]);
