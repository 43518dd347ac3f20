import { setTimeout as wait } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** Bytes this process holds after collections, buffers included. What finalizers free is gone only the next time. */
export async function heldBytes(): Promise<number> {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  for (let time = 0; time < 4; time++) {
    collect();
    await wait(25);
  }
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}
