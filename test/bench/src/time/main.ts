import { foldTo } from '@shiplog/engine';
import { createState, evolve, findRecord } from '@shiplog/model';
import { interleave, type Series } from '../measure.ts';
import { type Question, questions } from './questions.ts';
import { RecordedLog } from './recorded-log.ts';

/** `npm run bench -- time [ROUNDS [EVENTS [CONTAINERS]]]`. */
const [ROUNDS = 5, EVENTS = 1_000_000, CONTAINERS = 200] = process.argv.slice(2).map(Number);
/** Questions of each kind a round, one after the other. What happens to less than one in a hundred need not fit in. */
const QUESTIONS = 200;
/** Digits of an id that lists show. */
const PREFIX = 12;
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
  const { moments, head } = ledger;
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

  /** One round more, which warms up and does not count. */
  const all = await questions(log, (ROUNDS + 1) * QUESTIONS);
  const samples: Record<string, { readonly wall: number; readonly cpu: number }[]> = {};
  const ask: { readonly [what: string]: (question: Question) => Promise<unknown> } = {
    'read and parse 2,048 events': async ({ seq }) => {
      const to = Math.max(seq, 2047);
      for await (const event of log.read({ from: to - 2047, to })) if (event.seq < 0) return;
    },
    'whole engine': ({ seq }) => moments.state(seq),
    'one container, by id': ({ seq, id }) => moments.record('container', id, seq),
    'one container, by name': ({ seq, name }) => moments.record('container', name, seq),
    'one container, by id prefix': ({ seq, id }) => moments.record('container', id.slice(0, PREFIX), seq),
    'one image': ({ seq, image }) => moments.record('image', image, seq),
    'one network': ({ seq }) => moments.record('network', 'bridge', seq),
    'one volume': ({ seq, volume }) => moments.record('volume', volume, seq),
    'one object of now': async () => findRecord(await ledger.view(), 'network', 'bridge'),
  };
  for (let round = 0; round <= ROUNDS; round += 1) {
    for (const [index, [what, work]] of Object.entries(ask).entries()) {
      // Of each kind at other moments, so that none finds what another left.
      const from = ((round + index) % (ROUNDS + 1)) * QUESTIONS;
      for (const question of all.slice(from, from + QUESTIONS)) {
        const [began, used] = [performance.now(), process.threadCpuUsage()];
        await work(question);
        const { user, system } = process.threadCpuUsage(used);
        if (round > 0) (samples[what] ??= []).push({ wall: performance.now() - began, cpu: (user + system) / 1000 });
      }
    }
  }
  print(`\nMilliseconds for an answer, ${ROUNDS * QUESTIONS} of each, ${QUESTIONS} in turn, no moment twice: median, 99th percentile\n`);
  for (const [what, taken] of Object.entries(samples)) {
    const columns = (['wall', 'cpu'] as const).map((part) => {
      const sorted = taken.map((each) => each[part]).toSorted((a, b) => a - b);
      return [0.5, 0.99].map((share) => (sorted[Math.floor(share * sorted.length)] ?? 0).toFixed(2).padStart(8)).join('');
    });
    print(`  ${what.padEnd(34)} ${columns[0]}   of the main thread's processor time ${columns[1]}\n`);
  }
  await log.close();

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

function print(text: string): void {
  process.stdout.write(text);
}
