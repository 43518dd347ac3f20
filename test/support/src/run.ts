// The test runner: node test/support/dist/run.js [part of a path…]
import { runAll } from './run-all.ts';

const ok = await runAll({
  root: new URL('../../..', import.meta.url).pathname,
  patterns: process.argv.slice(2),
  isRoot: process.getuid?.() === 0,
  print: (line) => console.log(line),
});
if (!ok) process.exitCode = 1;
