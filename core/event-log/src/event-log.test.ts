// time limit: 300 s
import { join } from 'node:path';
import { eventLogSuite } from '@shiplog/conformance/event-log';
import { report, reported, temporaryDirectory } from '@shiplog/test-support';
import { MemoryLevel } from 'memory-level';
import { suite } from 'uvu';
import { openEventLog } from './event-log.ts';
import { openLevelLog } from './disk/level-log.ts';

const IDENTITY = { boot: 'boot-1', inst: 'inst-1' };

const inMemory = suite('the event log in memory');
eventLogSuite({
  test: reported(inMemory, 'event-log/memory', 'event-log'),
  abilities: { archives: false },
  skipped: (what, why) => report({ driver: 'event-log/memory', suite: 'event-log', skipped: `${what}: ${why}` }),
  factory: () => {
    const db = new MemoryLevel();
    return { open: () => openEventLog({ ...IDENTITY, db }), cleanup: async () => undefined };
  },
});
inMemory.run();

const onDisk = suite('the event log on disk');
eventLogSuite({
  test: reported(onDisk, 'event-log/level', 'event-log'),
  factory: async () => {
    const directory = await temporaryDirectory();
    return { open: () => openLevelLog({ ...IDENTITY, directory: join(directory.path, 'log') }), cleanup: directory.cleanup };
  },
});
onDisk.run();
