import { findRecord } from '@shiplog/model';
import { print } from './print.ts';
import { type Question, questions } from './questions.ts';
import { openRecorded } from './recorded-log.ts';

/*
 * Asks a recorded log of its past, in a process of its own: `node [OPTIONS] look.js DIRECTORY ROUNDS`. What an answer takes depends on
 * how V8 collects garbage, and that on options it reads when it starts.
 */

/** Questions of each kind a round, one after the other. What happens to less than one in a hundred need not fit in. */
const QUESTIONS = 200;
/** Digits of an id that lists show. */
const PREFIX = 12;

const [directory = '', rounds = '5'] = process.argv.slice(2);
const ROUNDS = Number(rounds);
const { log, ledger } = await openRecorded(directory);
const { moments } = ledger;

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
for (const [what, taken] of Object.entries(samples)) {
  const columns = (['wall', 'cpu'] as const).map((part) => {
    const sorted = taken.map((each) => each[part]).toSorted((a, b) => a - b);
    return [0.5, 0.99].map((share) => (sorted[Math.floor(share * sorted.length)] ?? 0).toFixed(2).padStart(8)).join('');
  });
  print(`  ${what.padEnd(34)} ${columns[0]}   of the main thread's processor time ${columns[1]}\n`);
}
await log.close();
