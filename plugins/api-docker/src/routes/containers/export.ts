import { type Exchange, param } from '../../http/exchange.ts';
import { sendStream } from '../../http/send-stream.ts';

/** `GET /containers/{id}/export`: the root file system as a tar, without what is mounted in it. */
export async function exportContainer(exchange: Exchange): Promise<void> {
  const { engine, caller, gone } = exchange;
  await sendStream(exchange, 'application/octet-stream', await engine.export(param(exchange, 'id'), caller, gone));
}
