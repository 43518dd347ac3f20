import { writeSync } from 'node:fs';
import type { EventLog } from '@shiplog/contracts';
import { prune, sealed } from './history.ts';
import { request, sample } from './samples.ts';

/** Events of one round, of one append, and that are kept. */
const ROUND = 120;
const APPEND = 8;
const KEEP = 150;

/**
 * Appends events numbered from `from` on, seals, and prunes all but the last, over and over, and prints a line for each thing done as soon as it is
 * acknowledged: `event` with position and number, `root` with how many events it is over, `going` and `gone` with the first position that is
 * kept, before and after a prune. For a program of yours that is killed: this never ends.
 */
export async function pruneUntilKilled(log: EventLog, from: number): Promise<void> {
  for (let number = from; ; number += ROUND) {
    for (let at = number; at < number + ROUND; at += APPEND) {
      const { events, durable } = log.append(request(Array.from({ length: APPEND }, (_, index) => sample('a', at + index))));
      await durable;
      for (const event of events) if (event.type === 'container.oom') say('event', event.seq, event.data.kills);
    }
    const { size } = log.tree;
    say('root', size, Buffer.from(await log.tree.root(size)).toString('hex'));
    const before = Math.max(0, log.durableSeq - KEEP);
    await sealed(log, before);
    const first = log.prunable(before);
    say('going', first);
    await prune(log, first);
    say('gone', first);
  }
}

function say(...words: readonly (string | number)[]): void {
  writeSync(1, `${words.join(' ')}\n`);
}
