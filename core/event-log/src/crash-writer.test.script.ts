// Appends until it is killed, with eight appenders at once; prints a line for each acknowledged append: position, number.
import { writeSync } from 'node:fs';
import { openLevelLog } from './level-log.ts';
import { IDENTITY, samples } from './samples.test.util.ts';

const [directory = '', start = '0'] = process.argv.slice(2);
const log = await openLevelLog({ ...IDENTITY, directory });
let number = Number(start);

async function appender(): Promise<void> {
  for (;;) {
    const first = number;
    number += 1 + (first % 3);
    const { events, durable } = log.append(samples(first, number));
    await durable;
    for (const event of events) if (event.type === 'container.oom') writeSync(1, `${event.seq} ${event.data.kills}\n`);
  }
}

await Promise.all(Array.from({ length: 8 }, appender));
