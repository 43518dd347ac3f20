// The test runner: node test/support/dist/run.js [part of a path…]
// PATIENCE=6 multiplies the time limits of files, for an emulated machine.
import { runAll } from './run-all.ts';

const ok = await runAll({
  root: new URL('../../..', import.meta.url).pathname,
  patterns: process.argv.slice(2),
  isRoot: process.getuid?.() === 0,
  print: (line) => console.log(line),
  patience: Number(process.env['PATIENCE'] ?? 1),
});
if (!ok) process.exitCode = 1;
