import { eventLogSuite } from '@shiplog/conformance/event-log';
import type { ShiplogEvent } from '@shiplog/contracts';
import { report, reported } from '@shiplog/test-support';
import { suite } from 'uvu';
import { MemoryLog } from './memory-log.ts';

const test = suite('the log of a simulation');

eventLogSuite({
  test: reported(test, 'event-log/simulated', 'event-log'),
  abilities: { archives: false },
  skipped: (what, why) => report({ driver: 'event-log/simulated', suite: 'event-log', skipped: `${what}: ${why}` }),
  factory: () => {
    let events: readonly ShiplogEvent[] = [];
    return {
      open: async () => {
        const log = new MemoryLog({ boot: 'boot-1', inst: 'inst-1', events });
        ({ events } = log);
        return log;
      },
      cleanup: async () => undefined,
    };
  },
});

test.run();
