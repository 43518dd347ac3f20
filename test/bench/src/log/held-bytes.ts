import { setTimeout as wait } from 'node:timers/promises';
import { collectGarbage } from '../collect-garbage.ts';

/** Bytes this process holds after collections, buffers included. What finalizers free is gone only the next time. */
export async function heldBytes(): Promise<number> {
  for (let time = 0; time < 4; time++) {
    collectGarbage();
    await wait(25);
  }
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}
