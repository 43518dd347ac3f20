import { setTimeout as sleep } from 'node:timers/promises';
import { type ContainerUsage, ShiplogError } from '@shiplog/contracts';
import { type Exchange, param } from '../../http/exchange.ts';
import { booleanOf } from '../../http/query.ts';
import { beginStream, json, writeChunk } from '../../http/reply.ts';
import { statsOf } from '../../translate/container-stats.ts';

const EVERY_MS = 1000;

/**
 * `GET /containers/{id}/stats`: an object a second until the container is removed or the client leaves; with `stream=0` one,
 * after a second, so that there is a sample before it, or with `one-shot` at once.
 */
export async function containerStats(exchange: Exchange): Promise<void> {
  const { engine, query, response, gone } = exchange;
  const { id, name } = (await engine.view()).container(param(exchange, 'id'));
  const sample = (): Promise<ContainerUsage | undefined> => engine.usage(id);
  let before: ContainerUsage | undefined;
  if (!booleanOf(query, 'stream', true)) {
    if (!booleanOf(query, 'one-shot')) {
      before = await sample();
      // A client that has left needs no answer.
      if (before !== undefined) await sleep(EVERY_MS, undefined, { signal: gone }).catch(() => undefined);
    }
    json(response, 200, statsOf({ id, name }, await sample(), before));
    return;
  }
  beginStream(response, 'application/json');
  while (!gone.aborted) {
    const now = await sample().catch((error: unknown) => {
      if (error instanceof ShiplogError && error.code === 'CONTAINER_NOT_FOUND') return null;
      throw error;
    });
    if (now === null) break;
    await writeChunk(response, `${JSON.stringify(statsOf({ id, name }, now, before))}\n`, gone);
    before = now;
    await sleep(EVERY_MS, undefined, { signal: gone }).catch(() => undefined);
  }
  response.end();
}
