// time limit: 240 s
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { eventLogCrashSuite, type KillableLog } from '@shiplog/conformance/event-log';
import type { EventLog } from '@shiplog/contracts';
import { checksCanFail, replacing, reported, temporaryDirectory } from '@shiplog/test-support';
import { suite } from 'uvu';
import { openLevelLog } from './disk/level-log.ts';
import { IDENTITY } from './samples.test.util.ts';

const script = (name: string): string => fileURLToPath(new URL(`./${name}.test.script.js`, import.meta.url));

async function killable(change: (right: EventLog) => Partial<EventLog> = () => ({})): Promise<KillableLog> {
  const temporary = await temporaryDirectory();
  const directory = join(temporary.path, 'log');
  return {
    async open() {
      const right = await openLevelLog({ ...IDENTITY, directory });
      return replacing<EventLog>(right, change(right));
    },
    writer: (from) => [process.execPath, script('crash-writer'), directory, String(from)],
    pruner: (from) => [process.execPath, script('crash-pruner'), directory, String(from)],
    cleanup: temporary.cleanup,
  };
}

const test = suite('a writer that is killed');
eventLogCrashSuite({ test: reported(test, 'event-log/level', 'event-log'), factory: () => killable() });

checksCanFail<(right: EventLog) => Partial<EventLog>>({
  test,
  of: 'event-log',
  wrong: {
    'crash of event-log: given writers that are killed at random moments, when it is opened again, then nothing acknowledged is lost or changed, there is no gap, and it goes on':
      {
        does: 'does not find what was written last',
        make: (right) => ({ read: (options) => right.read({ ...options, to: right.durableSeq - 20 }) }),
      },
    'crash of event-log: given writers that seal and prune and are killed at random moments, when it is opened again, then all that is acknowledged is there or stands in the boundary, roots are as before, and it goes on':
      {
        does: 'forgets what stands for pruned events when it is opened',
        make: (right) => ({
          async boundary() {
            const boundary = await right.boundary();
            return boundary && { ...boundary, state: new Uint8Array() };
          },
        }),
      },
  },
  kit: (check, wrong) => eventLogCrashSuite({ test: check, factory: () => killable(wrong) }),
});
test.run();
