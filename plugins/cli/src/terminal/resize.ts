import { setTimeout as delay } from 'node:timers/promises';
import type { Context } from '../context.ts';

/** Sets the size of the process's terminal. */
export type Resize = (rows: number, columns: number) => Promise<void>;

const TRIES = 5;

/** Gives the process's terminal the size of ours, now and whenever ours changes. Answers how to stop. */
export function followSize({ stdout, signals }: Context, resize: Resize): () => void {
  if (stdout.isTTY !== true) return () => undefined;
  let stopped = false;
  const send = async (): Promise<void> => {
    // Just after the start the terminal may not be there yet; a size that never arrives is no reason to end the session.
    for (let attempt = 1; attempt <= TRIES && !stopped; attempt += 1) {
      try {
        await resize(stdout.rows ?? 0, stdout.columns ?? 0);
        return;
      } catch {
        await delay(20 * attempt);
      }
    }
  };
  const changed = (): void => void send();
  changed();
  signals.on('SIGWINCH', changed);
  return () => {
    stopped = true;
    signals.off('SIGWINCH', changed);
  };
}
