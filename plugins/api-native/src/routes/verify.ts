import { replyError } from '../reply.ts';
import { startLines } from '../lines.ts';
import { type Exchange, type Route, switchParameter } from '../route.ts';
import { ShiplogError } from '@shiplog/contracts';

/** Milliseconds between two lines of progress. */
const PROGRESS_INTERVAL = 100;

/**
 * `GET log/verify?incremental=`: reads and checks the whole log; with `incremental=1` what came since it was last found whole. Lines `{"checked": n, "total": m}` at most ten a second, then the
 * verification `{"from", "events", "head", "damage"}` as the last line. Damage found is an answer, not an error.
 */
export const verify: Route = {
  path: ['log', 'verify'],
  query: ['incremental'],
  async answer({ engine, query, record, response, gone }: Exchange): Promise<void> {
    await record.read({ from: 0, follow: false });
    const incremental = switchParameter(query, 'incremental');
    startLines(response);
    let told = 0;
    const progress = (checked: number, total: number): void => {
      const now = performance.now();
      // Progress is for eyes: a client that does not keep up misses some.
      if (now - told < PROGRESS_INTERVAL || response.writableNeedDrain || gone.aborted) return;
      told = now;
      response.write(`${JSON.stringify({ checked, total })}\n`);
    };
    try {
      const verification = await engine.log.verify({ incremental, progress });
      response.end(`${JSON.stringify(verification)}\n`);
    } catch (error) {
      replyError(response, ShiplogError.wrap(error));
    }
  },
};
