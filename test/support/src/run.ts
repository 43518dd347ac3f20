// The test runner: node test/support/dist/run.js [part of a path…]
// PATIENCE=8 multiplies time limits, for an emulated machine.
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PATIENCE } from './patience.ts';
import { runAll } from './run-all.ts';
import { makeRunDirectory } from './sweep/run-directory.ts';
import { sweep } from './sweep/sweep.ts';

const print = (line: string): void => console.log(line);
await sweep(print);
// What Node compiled is of use to every run.
process.env['NODE_COMPILE_CACHE'] ??= join(tmpdir(), 'node-compile-cache');
const directory = await makeRunDirectory();
process.env['TMPDIR'] = directory.path;
const ok = await runAll({
  root: new URL('../../..', import.meta.url).pathname,
  patterns: process.argv.slice(2),
  isRoot: process.getuid?.() === 0,
  print,
  patience: PATIENCE,
  started: (pid) => directory.own(pid),
});
await directory.end();
if (!ok) process.exitCode = 1;
