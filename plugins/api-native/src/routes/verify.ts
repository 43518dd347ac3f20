import { replyError } from '../reply.ts';
import { startLines } from '../lines.ts';
import type { Exchange, Route } from '../route.ts';
import { ShiplogError } from '@shiplog/contracts';

/** Milliseconds between two lines of progress. */
const PROGRESS_INTERVAL = 100;

/**
 * `GET log/verify`: reads and checks the whole log. Lines `{"checked": n, "total": m}` at most ten a second, then the
 * verification `{"events", "head", "damage"}` as the last line. Damage found is an answer, not an error.
 */
export const verify: Route = {
  path: ['log', 'verify'],
  query: [],
  async answer({ engine, caller, response, gone }: Exchange): Promise<void> {
    await engine.recordRead({ from: 0, follow: false }, caller);
    const total = engine.log.durableSeq + 1;
    startLines(response);
    let told = 0;
    const progress = (checked: number): void => {
      const now = performance.now();
      // Progress is for eyes: a client that does not keep up misses some.
      if (now - told < PROGRESS_INTERVAL || response.writableNeedDrain || gone.aborted) return;
      told = now;
      response.write(`${JSON.stringify({ checked, total })}\n`);
    };
    try {
      const verification = await engine.log.verify(progress);
      response.end(`${JSON.stringify(verification)}\n`);
    } catch (error) {
      replyError(response, ShiplogError.wrap(error));
    }
  },
};
