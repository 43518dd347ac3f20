import assert from 'node:assert/strict';
import type { EventLog, ShiplogEvent } from '@shiplog/contracts';
import type { TestFunction } from '../in-lab.ts';
import { type EventLogAbilities, type LogUnderTest, tell } from './event-log-suite.ts';
import { stateBefore } from './history.ts';
import { type Death, killed } from './killed.ts';
import { request, sample, take } from './samples.ts';

/** A log that outlives the process which writes it. */
export interface KillableLog extends LogUnderTest {
  /** Program and arguments: opens this log and calls {@link appendUntilKilled} with it and `from`. */
  writer(from: number): readonly string[];
  /** Program and arguments: opens this log and calls {@link pruneUntilKilled} with it and `from`. Of a log without archives it is not asked for. */
  pruner?(from: number): readonly string[];
}

export interface EventLogCrashSuite {
  readonly test: TestFunction;
  readonly factory: () => Promise<KillableLog>;
  /** Times that a writer is killed; 15 if absent. */
  readonly rounds?: number;
  /** All if absent. */
  readonly abilities?: EventLogAbilities;
  /** Told of what is not proven, and why. Absent: the process says it. */
  readonly skipped?: (what: string, why: string) => void;
}

/** Kills writers of one log with SIGKILL at random moments, while they open it, append, seal and prune, and looks each time at what is left. */
export function eventLogCrashSuite({
  test,
  factory,
  rounds = 15,
  abilities = { archives: true },
  skipped = tell,
}: EventLogCrashSuite): void {
  test('crash of event-log: given writers that are killed at random moments, when it is opened again, then nothing acknowledged is lost or changed, there is no gap, and it goes on', async () => {
    const told = new Told();
    await killInRounds(await factory(), { rounds, bytes: 5000 }, told, (store, from) => store.writer(from));
    assert.ok(told.events.size > rounds + 100, `only ${told.events.size} acknowledgements`);
  });

  if (!abilities.archives) return skipped('crashes of writers that seal and prune', 'it has no archives');
  test('crash of event-log: given writers that seal and prune and are killed at random moments, when it is opened again, then all that is acknowledged is there or stands in the boundary, roots are as before, and it goes on', async () => {
    const told = new Told();
    await killInRounds(await factory(), { rounds, bytes: 12_000 }, told, (store, from) => store.pruner?.(from) ?? []);
    assert.ok(told.gone > 100 && told.roots.size > 4, `${told.gone} events gone, ${told.roots.size} roots`);
  });
}

/** What writers printed before they died. */
class Told {
  /** Numbers of acknowledged events, by position. */
  readonly events = new Map<number, number>();
  /** Roots, by how many events they are over. */
  readonly roots = new Map<number, string>();
  /** The first position that is kept, of prunes that began, and of the last that ended. */
  readonly going = new Set<number>();
  gone = 0;

  /** Takes in whole lines. */
  hear(printed: string): void {
    for (const line of printed.split('\n').slice(0, -1)) {
      const [what, at = '', about = ''] = line.split(' ');
      if (what === 'event') this.events.set(Number(at), Number(about));
      else if (what === 'root') this.roots.set(Number(at), about);
      else if (what === 'going') this.going.add(Number(at));
      else this.gone = Number(at);
    }
  }
}

/** `bytes`: what a writer may print before it is killed, at the most. */
async function killInRounds(
  store: KillableLog,
  { rounds, bytes }: { readonly rounds: number; readonly bytes: number },
  told: Told,
  program: (store: KillableLog, from: number) => readonly string[],
): Promise<void> {
  try {
    for (let round = 0; round < rounds; round += 1) {
      // Some rounds die while they open the log, most while they write.
      const death: Death = round % 3 === 0 ? { ms: 40 + Math.random() * 300 } : { bytes: Math.random() * bytes };
      told.hear(await killed(program(store, round * 1_000_000), death));
      const log = await store.open();
      try {
        await examine(log, told, `in round ${round}`);
        const next = log.append(request([sample('b', round)]));
        await next.durable;
        const [{ seq } = { seq: -1 }] = next.events;
        told.events.set(seq, round);
      } finally {
        await log.close();
      }
    }
  } finally {
    await store.cleanup();
  }
}

/** That what is left of a log is what its writers told. */
async function examine(log: EventLog, told: Told, when: string): Promise<void> {
  const { firstSeq } = log;
  assert.ok(firstSeq === told.gone || (firstSeq > told.gone && told.going.has(firstSeq)), `it begins at ${firstSeq} ${when}`);
  const boundary = await log.boundary();
  assert.equal(boundary?.seq, firstSeq === 0 ? undefined : firstSeq - 1, when);
  if (boundary !== undefined) assert.deepEqual(Buffer.from(boundary.state), stateBefore(firstSeq), when);
  const events = await take(log.read());
  assert.ok(
    events.every((event, index) => event.seq === firstSeq + index),
    `there is a gap ${when}`,
  );
  for (const [seq, number] of told.events)
    if (seq >= firstSeq) assert.equal(numberOf(events[seq - firstSeq]), number, `event ${seq} ${when}`);
  for (const [size, root] of told.roots)
    assert.equal(Buffer.from(await log.tree.root(size)).toString('hex'), root, `root of ${size} ${when}`);
  assert.deepEqual((await log.verify()).damage, []);
}

function numberOf(event: ShiplogEvent | undefined): number | undefined {
  return event?.type === 'container.oom' ? event.data.kills : undefined;
}
