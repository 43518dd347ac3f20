// The test runner: node test/support/dist/run.js [part of a path…]
// PATIENCE=8 multiplies time limits, for an emulated machine.
import { PATIENCE } from './patience.ts';
import { runAll } from './run-all.ts';

const ok = await runAll({
  root: new URL('../../..', import.meta.url).pathname,
  patterns: process.argv.slice(2),
  isRoot: process.getuid?.() === 0,
  print: (line) => console.log(line),
  patience: PATIENCE,
});
if (!ok) process.exitCode = 1;
