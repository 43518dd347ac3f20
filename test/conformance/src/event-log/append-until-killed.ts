import { writeSync } from 'node:fs';
import type { EventLog } from '@shiplog/contracts';
import { request, sample } from './samples.ts';

/** Appenders at once. */
const WIDTH = 8;

/**
 * Appends events numbered from `from` on, several appenders at once, and prints a line for each event as soon as it is acknowledged: `event`, its
 * position and number. For a program of yours that is killed: this never ends.
 */
export async function appendUntilKilled(log: EventLog, from: number): Promise<void> {
  let number = from;
  const appender = async (): Promise<void> => {
    for (;;) {
      const first = number;
      number += 1 + (first % 3);
      const { events, durable } = log.append(request(Array.from({ length: number - first }, (_, index) => sample('a', first + index))));
      await durable;
      for (const event of events) if (event.type === 'container.oom') writeSync(1, `event ${event.seq} ${event.data.kills}\n`);
    }
  };
  await Promise.all(Array.from({ length: WIDTH }, appender));
}
