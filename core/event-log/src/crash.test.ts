// time limit: 240 s
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { eventLogCrashSuite, type KillableLog } from '@shiplog/conformance/event-log';
import type { EventLog } from '@shiplog/contracts';
import { checksCanFail, replacing, reported, temporaryDirectory } from '@shiplog/test-support';
import { suite } from 'uvu';
import { openLevelLog } from './level-log.ts';
import { IDENTITY } from './samples.test.util.ts';

const WRITER = fileURLToPath(new URL('./crash-writer.test.script.js', import.meta.url));

async function killable(change: (right: EventLog) => Partial<EventLog> = () => ({})): Promise<KillableLog> {
  const temporary = await temporaryDirectory();
  const directory = join(temporary.path, 'log');
  return {
    async open() {
      const right = await openLevelLog({ ...IDENTITY, directory });
      return replacing<EventLog>(right, change(right));
    },
    writer: (from) => [process.execPath, WRITER, directory, String(from)],
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
  },
  kit: (check, wrong) => eventLogCrashSuite({ test: check, factory: () => killable(wrong) }),
});
test.run();
