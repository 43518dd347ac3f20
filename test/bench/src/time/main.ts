import { foldTo } from '@shiplog/engine';
import { createState, evolve, findRecord } from '@shiplog/model';
import { interleave, type Series } from '../measure.ts';
import { RecordedLog } from './recorded-log.ts';

/** `npm run bench -- time [ROUNDS [EVENTS [CONTAINERS]]]`. */
const [ROUNDS = 5, EVENTS = 1_000_000, CONTAINERS = 200] = process.argv.slice(2).map(Number);
/** Questions a round. */
const QUESTIONS = 60;
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
  const { log: logBytes, snapshots } = await recorded.bytes();
  print(`\n${head.seq + 1} events, ${head.containers.size} containers at the end, ${ROUNDS} interleaved rounds\n\n`);
  for (const part of ['log', 'state'] as const) {
    const times = opens.map((took) => took[part]);
    print(`  opening the ${part}: median ${middle(times).toFixed(0)} ms, most ${Math.max(...times).toFixed(0)} ms\n`);
  }
  print(`  snapshots: ${((snapshots / logBytes) * 100).toFixed(1)} % of the log's ${(logBytes / 2 ** 20).toFixed(0)} MiB\n\n`);

  const fold = await interleave(ROUNDS, {
    'raw scan and JSON.parse': () => rate(scanRaw),
    'fold from the first event': () => rate(foldAll),
    'fold, each event read': () => rate(foldEach),
  });
  print('Events a second, median (10th to 90th percentile)\n');
  const base = fold['raw scan and JSON.parse']?.median ?? Number.NaN;
  for (const [name, series] of Object.entries(fold))
    print(`  ${name.padEnd(34)} ${span(series, 0)}  × ${(series.median / base).toFixed(2)}\n`);

  /** Objects that were there at random moments, and the moments. */
  const questions: { readonly seq: number; readonly id: string; readonly name: string }[] = [];
  while (questions.length < QUESTIONS) {
    const seq = random(head.seq);
    const containers = [...(await moments.state(seq)).containers.values()];
    const one = containers[random(containers.length)];
    if (one !== undefined) questions.push({ seq, id: one.id, name: one.name });
  }
  const asked = (): (typeof questions)[number] => questions[random(questions.length)] ?? { seq: 0, id: '', name: '' };
  const samples: Record<string, number[]> = {};
  const ask: { readonly [what: string]: () => Promise<unknown> } = {
    'read and parse 2,048 events': async () => {
      const from = random(head.seq - 2048);
      for await (const event of log.read({ from, to: from + 2047 })) if (event.seq < 0) return;
    },
    'whole engine': () => moments.state(random(head.seq)),
    'one container, by id': () => {
      const { id, seq } = asked();
      return moments.record('container', id, seq - random(Math.min(seq, 3)));
    },
    'one container, by name': () => {
      const { name, seq } = asked();
      return moments.record('container', name, seq);
    },
    'one network': () => moments.record('network', 'bridge', 1000 + random(head.seq - 1000)),
    'one object of now': async () => findRecord(await ledger.view(), 'network', 'bridge'),
  };
  for (let round = 0; round < ROUNDS * QUESTIONS; round += 1) {
    for (const [what, work] of Object.entries(ask)) {
      const began = performance.now();
      await work().catch(missing);
      (samples[what] ??= []).push(performance.now() - began);
    }
  }
  print(`\nMilliseconds for an answer, ${ROUNDS * QUESTIONS} of each in turn\n`);
  for (const [what, times] of Object.entries(samples)) {
    const sorted = times.toSorted((a, b) => a - b);
    const at = (share: number): string => (sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0).toFixed(2);
    print(`  ${what.padEnd(34)} median ${at(0.5).padStart(7)}   99th percentile ${at(0.99).padStart(7)}\n`);
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

/** A container may not have been there a few events before. */
function missing(error: unknown): void {
  if (!(error instanceof Error && 'code' in error && error.code === 'CONTAINER_NOT_FOUND')) throw error;
}

function random(below: number): number {
  return Math.floor(Math.random() * Math.max(1, below));
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
