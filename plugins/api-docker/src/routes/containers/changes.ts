import { type Exchange, param } from '../../http/exchange.ts';
import { json } from '../../http/reply.ts';

/** Docker's numbers. */
const KINDS = { modified: 0, added: 1, deleted: 2 } as const;

/** `GET /containers/{id}/changes`. */
export async function containerChanges(exchange: Exchange): Promise<void> {
  const changes = await exchange.engine.changes(param(exchange, 'id'));
  json(
    exchange.response,
    200,
    changes.map(({ path, kind }) => ({ Path: path, Kind: KINDS[kind] })),
  );
}
