import { foldTo } from '@shiplog/engine';
import { createState, evolve } from '@shiplog/model';
import { interleave, type Series } from '../measure.ts';
import { daemonOptions } from './daemon-options.ts';
import { print } from './print.ts';
import { RecordedLog } from './recorded-log.ts';

/** `npm run bench -- time [ROUNDS [EVENTS [CONTAINERS]]]`. */
const [ROUNDS = 5, EVENTS = 1_000_000, CONTAINERS = 200] = process.argv.slice(2).map(Number);
/** Values fetched at once by the raw scan. */
const CHUNK = 256;

const recorded = await RecordedLog.make(EVENTS, CONTAINERS);
try {
  const opens: { readonly log: number; readonly state: number }[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    const { log, took } = await recorded.open();
    opens.push(took);
    await log.close();
  }
  const { log, ledger } = await recorded.open();
  const { head } = ledger;
  print(`\n${head.seq + 1} events, ${head.containers.size} containers at the end, ${ROUNDS} interleaved rounds\n\n`);
  for (const part of ['log', 'state'] as const) {
    const times = opens.map((took) => took[part]);
    print(`  opening the ${part}: median ${middle(times).toFixed(0)} ms, most ${Math.max(...times).toFixed(0)} ms\n`);
  }

  const fold = await interleave(ROUNDS, {
    'raw scan and JSON.parse': () => rate(scanRaw),
    'fold from the first event': () => rate(foldAll),
    'fold, each event read': () => rate(foldEach),
  });
  print('\nEvents a second, median (10th to 90th percentile)\n');
  const base = fold['raw scan and JSON.parse']?.median ?? Number.NaN;
  for (const [name, series] of Object.entries(fold))
    print(`  ${name.padEnd(34)} ${span(series, 0)}  × ${(series.median / base).toFixed(2)}\n`);

  // LevelDB was still joining files before.
  const bytes = await recorded.bytes();
  print(`\n  snapshots: ${((bytes.snapshots / bytes.log) * 100).toFixed(1)} % of the log's ${(bytes.log / 2 ** 20).toFixed(0)} MiB\n`);

  await log.close();
  print(`\nMilliseconds for an answer, ${ROUNDS} times 200 in turn, no moment twice: median, 99th percentile\n`);
  for (const [whose, options] of Object.entries({ 'Node is': [], 'the daemon runs it': await daemonOptions() })) {
    print(`\nAs ${whose} (${options.join(' ') || 'no options'})\n`);
    await recorded.look(options, ROUNDS);
  }

  /** As the engine folds: events that change nothing are not parsed. */
  async function foldAll(): Promise<number> {
    const state = createState();
    await foldTo(state, log, head.seq);
    return state.seq + 1;
  }

  async function foldEach(): Promise<number> {
    const state = createState();
    for await (const event of log.read()) evolve(state, event);
    return state.seq + 1;
  }
} finally {
  await recorded.done();
}

async function scanRaw(): Promise<number> {
  let count = 0;
  const values = recorded.raw.values({ highWaterMarkBytes: 4 * 1024 * 1024 });
  for (let chunk = await values.nextv(CHUNK); chunk.length > 0; chunk = await values.nextv(CHUNK)) {
    for (const value of chunk) count += (JSON.parse(value.toString()) as unknown[]).length;
  }
  await values.close();
  return count;
}

async function rate(work: () => Promise<number>): Promise<number> {
  const began = performance.now();
  const events = await work();
  return (events / (performance.now() - began)) * 1000;
}

function middle(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1] ?? 0;
}

function span({ median, low, high }: Series, digits: number): string {
  return `${median.toFixed(digits).padStart(9)}  (${low.toFixed(digits)} to ${high.toFixed(digits)})`;
}
