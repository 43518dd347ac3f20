import type { Series } from '../measure.ts';
import { AppendBench } from './append.ts';
import { FollowerBench, FOLLOWERS, STALLED } from './followers.ts';
import { OpenBench } from './open.ts';

/** `npm run bench -- log [ROUNDS] [PART...]`; all parts if none is named. */
const [rounds = '7', ...parts] = process.argv.slice(2);
const ROUNDS = Number(rounds);
const wanted = (part: string): boolean => parts.length === 0 || parts.includes(part);

print(`\nThe event log, median of ${ROUNDS} interleaved rounds (10th to 90th percentile); × is the ratio to the first line.\n`);
if (wanted('append')) await appends();
if (wanted('open')) await opening();
if (wanted('followers')) await followers();

async function appends(): Promise<void> {
  const bench = await AppendBench.prepare();
  try {
    const { crowd, lone } = await bench.run(ROUNDS);
    report(`Appends of ${bench.eventBytes} bytes with revision, condition, key, indexes, tree and sync; events a second`, crowd);
    print(
      `  ${'wait of one of 256'.padEnd(36)} median ${bench.wait(0.5).toFixed(1)} ms, 99th percentile ${bench.wait(0.99).toFixed(1)} ms\n`,
    );
    report('One appender; events a second', lone);
  } finally {
    await bench.done();
  }
}

async function opening(): Promise<void> {
  const bench = await OpenBench.prepare(1_000_000);
  try {
    const memory = await bench.memory();
    report(`A log of ${bench.events.toLocaleString('en')} events; milliseconds`, await bench.run(Math.min(ROUNDS, 5)));
    print(`  ${'memory of the open log'.padEnd(36)} ${memory.toFixed(1)} bytes an event\n`);
  } finally {
    await bench.done();
  }
}

async function followers(): Promise<void> {
  const bench = await FollowerBench.prepare();
  try {
    const stalled = await bench.memoryOfStalled();
    report(
      `${FOLLOWERS} followers over a unix socket, ${STALLED} stalled, one reconnecting each second; log events a second`,
      await bench.run(Math.min(ROUNDS, 5)),
    );
    const sum = (of: 'lost' | 'twice' | 'reconnects'): number => bench.seen.reduce((all, seen) => all + seen[of], 0);
    print(`  lost ${sum('lost')}, twice ${sum('twice')}, reconnects ${sum('reconnects')}; `);
    print(`delivered after ${bench.seen.at(-1)?.median} ms, 99th percentile ${bench.seen.at(-1)?.p99} ms; `);
    print(`${(stalled / 1024).toFixed(0)} KiB for each stalled one\n`);
  } finally {
    await bench.done();
  }
}

function report(what: string, results: { readonly [name: string]: Series }): void {
  const base = Object.values(results)[0]?.median ?? Number.NaN;
  print(`\n${what}\n`);
  for (const [index, [name, { median, low, high }]] of Object.entries(results).entries()) {
    const [middle, least, most] = [median, low, high].map((value) => Math.round(value).toLocaleString('en'));
    print(`  ${name.padEnd(36)} ${middle?.padStart(9)}  (${least} to ${most})${index === 0 ? '' : `  × ${(median / base).toFixed(2)}`}\n`);
  }
}

function print(text: string): void {
  process.stdout.write(text);
}
