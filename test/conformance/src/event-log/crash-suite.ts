import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { TestFunction } from '../in-lab.ts';
import type { LogUnderTest } from './event-log-suite.ts';
import { request, sample, take } from './samples.ts';

/** A log that outlives the process which writes it. */
export interface KillableLog extends LogUnderTest {
  /** Program and arguments: opens this log and calls {@link appendUntilKilled} with it and `from`. */
  writer(from: number): readonly string[];
}

export interface EventLogCrashSuite {
  readonly test: TestFunction;
  readonly factory: () => Promise<KillableLog>;
  /** Times that a writer is killed; 15 if absent. */
  readonly rounds?: number;
}

/** When a writer dies: after so many bytes of acknowledgements, or so many milliseconds after its start. */
type Death = { readonly bytes: number } | { readonly ms: number };

/** Kills writers of one log with SIGKILL at random moments, while they open it and while they append, and looks each time at what is left. */
export function eventLogCrashSuite({ test, factory, rounds = 15 }: EventLogCrashSuite): void {
  test('crash of event-log: given writers that are killed at random moments, when it is opened again, then nothing acknowledged is lost or changed, there is no gap, and it goes on', async () => {
    const store = await factory();
    const acknowledged = new Map<number, number>();
    try {
      for (let round = 0; round < rounds; round += 1) {
        // Some rounds die while they open the log, most while they write.
        const death = round % 3 === 0 ? { ms: 40 + Math.random() * 300 } : { bytes: Math.random() * 5000 };
        const printed = await killed(store.writer(round * 1_000_000), death);
        for (const line of printed.split('\n').slice(0, -1)) {
          const [seq, number] = line.split(' ').map(Number);
          acknowledged.set(seq ?? -1, number ?? -1);
        }
        const log = await store.open();
        try {
          const events = await take(log.read());
          assert.ok(
            events.every((event, index) => event.seq === index),
            `there is a gap in round ${round}`,
          );
          for (const [seq, number] of acknowledged) {
            const event = events[seq];
            assert.equal(event?.type === 'container.oom' ? event.data.kills : undefined, number, `event ${seq} in round ${round}`);
          }
          assert.deepEqual((await log.verify()).damage, []);
          const next = log.append(request([sample('b', round)]));
          await next.durable;
          assert.equal(next.events[0]?.seq, events.length);
          acknowledged.set(events.length, round);
        } finally {
          await log.close();
        }
      }
      assert.ok(acknowledged.size > rounds + 100, `only ${acknowledged.size} acknowledgements`);
    } finally {
      await store.cleanup();
    }
  });
}

/** Runs a writer, kills it, and answers with what it printed. */
async function killed([program = '', ...args]: readonly string[], death: Death): Promise<string> {
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  let printed = '';
  child.stdout.setEncoding('latin1').on('data', (text: string) => {
    printed += text;
    if ('bytes' in death && printed.length > death.bytes) child.kill('SIGKILL');
  });
  const timer = 'ms' in death ? setTimeout(() => child.kill('SIGKILL'), death.ms) : undefined;
  const [code] = (await once(child, 'close')) as [number | null];
  clearTimeout(timer);
  assert.equal(code, null, 'the writer ended by itself');
  return printed;
}
