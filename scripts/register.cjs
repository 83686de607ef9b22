// Preload: runs TypeScript sources without a build, and resolves @isthmus/NAME to packages/NAME/src.
const Module = require('node:module');
const path = require('node:path');
const { transformFileSync } = require('@swc/core');

const OPTIONS = {
  swcrc: false,
  jsc: { target: 'es2023', parser: { syntax: 'typescript' } },
  module: { type: 'commonjs' },
  sourceMaps: 'inline',
};

Module._extensions['.ts'] = (module, file) => {
  module._compile(transformFileSync(file, OPTIONS).code, file);
};

const resolve = Module._resolveFilename;
Module._resolveFilename = function (request, ...rest) {
  const own = /^@isthmus\/([a-z]+)$/.exec(request);
  return resolve.call(this, own === null ? request : path.join(__dirname, '..', 'packages', own[1], 'src'), ...rest);
};
