// Loaded into a worker of a benchmark (node -r): at SIGUSR2 it collects garbage and writes what memory is used.
const v8 = require('node:v8');
const vm = require('node:vm');

v8.setFlagsFromString('--expose-gc');
const gc = vm.runInNewContext('gc');
process.on('SIGUSR2', () => {
  gc();
  gc();
  const { heapUsed, external, rss } = process.memoryUsage();
  process.stderr.write(`${JSON.stringify({ memory: { heapUsed: heapUsed + external, rss } })}\n`);
});
