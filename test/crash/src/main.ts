import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { crashEverywhere, failCalls } from './crash-lab.ts';
import { drivers } from './drivers/main.ts';
import { memoryDirectory } from './memory-directory.ts';
import { reportText } from './report.ts';

const HELP = `Crashes an engine's workload at every operation on its log's files, and examines what is left.

  npm run crash                           # all of it
  npm run crash -- --events 500           # a smaller workload
  npm run crash -- --keep /tmp/states     # keeps the disks that failed
  npm run crash -- --format json
  npm run crash -- drivers --help         # kills an engine with real drivers instead

  --events N        events of the workload, at least (2200)
  --errors N        runs with a failing system call (240)
  --recover-every N an engine is started, twice, on every Nth state (4)
  --keep DIR        where to keep what the crashes that failed left
  --format FORMAT   text or json
Exit codes: 0 nothing was lost, 1 something was, 2 wrong arguments.`;

if (process.argv[2] === 'drivers') process.exit(await drivers(process.argv.slice(3)));

const { values } = parseArgs({
  options: {
    events: { type: 'string', default: '2200' },
    errors: { type: 'string', default: '240' },
    'recover-every': { type: 'string', default: '4' },
    keep: { type: 'string' },
    format: { type: 'string', default: 'text' },
    help: { type: 'boolean', default: false },
  },
});

function whole(name: 'events' | 'errors' | 'recover-every'): number {
  const value = Number(values[name]);
  if (Number.isSafeInteger(value) && value > 0) return value;
  process.stderr.write(`--${name} takes a whole number above 0, not ${values[name]}\n`);
  process.exit(2);
}

if (values.help) {
  process.stdout.write(`${HELP}\n`);
  process.exit(0);
}

const processes = availableParallelism();
const events = whole('events');
const [errors, recoverEvery] = [whole('errors'), whole('recover-every')];
await using memory = await memoryDirectory();
const began = performance.now();
const crashes = await crashEverywhere({
  directory: join(memory.path, 'crashes'),
  events,
  processes,
  recoverEvery,
  ...(values.keep === undefined ? {} : { keep: values.keep }),
  progress: progress('disks examined'),
});
const injected = await failCalls({ directory: memory.path, count: errors, processes, progress: progress('runs with failing calls') });
const rows = [...crashes.rows, ...injected.rows];
const failures = [...crashes.failures, ...injected.failures];
const seconds = Math.round((performance.now() - began) / 1000);
if (values.format === 'json') process.stdout.write(`${JSON.stringify({ events: crashes.events, seconds, rows, failures })}\n`);
else {
  process.stdout.write(`${crashes.events} events, ${seconds} s\n\n${reportText(rows)}\n`);
  for (const failure of failures.slice(0, 20)) process.stdout.write(`\n${JSON.stringify(failure)}\n`);
}
process.exitCode = failures.length === 0 ? 0 : 1;

function progress(what: string): (done: number, total: number) => void {
  let drawn = 0;
  return (done, total) => {
    if (!process.stderr.isTTY || (performance.now() - drawn < 200 && done < total)) return;
    drawn = performance.now();
    process.stderr.write(`\r\u001b[K${done} of ${total} ${what}${done === total ? '\n' : ''}`);
  };
}
