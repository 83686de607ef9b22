#!/usr/bin/env node
'use strict';
const { existsSync } = require('node:fs');
const { join } = require('node:path');

// Until the program can take it (to read its configuration again), SIGHUP would end it.
if (['run', 'anchor'].includes(process.argv[2])) process.on('SIGHUP', () => undefined);

const built = join(__dirname, '..', 'dist', 'cli.js');
if (!existsSync(built)) {
  process.stderr.write('isthmus: not built yet; run "npm run build" first\n');
  process.exitCode = 1;
} else {
  require(built)
    .main(process.argv.slice(2))
    .then((code) => {
      process.exitCode = code;
    });
}
