import { outputContentType } from '../../http/content-type.ts';
import { DEFAULT_DETACH_KEYS, parseDetachKeys } from '../../http/detach-keys.ts';
import { decode, type Exchange, param } from '../../http/exchange.ts';
import { pump } from '../../http/pump.ts';
import { booleanOf } from '../../http/query.ts';
import { logFormatter } from './log-chunk.ts';

/**
 * `POST /containers/{id}/attach`. The channel is open before the connection switches, so that a client that starts the
 * container after the 101 misses nothing.
 */
export async function attachContainer(exchange: Exchange): Promise<void> {
  const { engine, query, version, gone, caller } = exchange;
  const streams = { stdin: booleanOf(query, 'stdin'), stdout: booleanOf(query, 'stdout'), stderr: booleanOf(query, 'stderr') };
  const ref = param(exchange, 'id');
  const { id, spec, detachKeys } = await decode(exchange, 'container.attach', async () => {
    const found = (await engine.view()).container(ref);
    return { id: found.id, spec: found.spec, detachKeys: parseDetachKeys(query.get('detachKeys') || DEFAULT_DETACH_KEYS) };
  });
  const channel = booleanOf(query, 'stream') ? await engine.attach(ref, streams, caller) : undefined;
  const { stdout, stderr } = streams;
  const past = booleanOf(query, 'logs') ? await engine.logs(ref, { stdout, stderr, follow: false, signal: gone }, caller) : undefined;
  const client = exchange.hijack(outputContentType(spec.tty, version));
  if (past !== undefined) {
    const toBytes = logFormatter({ tty: spec.tty, timestamps: false, details: false });
    for await (const record of past) await client.write(toBytes(record));
  }
  if (channel !== undefined) {
    const stdin = streams.stdin && spec.openStdin;
    const how = await pump(channel, client, { ...streams, stdin, tty: spec.tty, detachKeys, gone });
    if (how === 'detached') await engine.detached({ container: id }, caller);
  }
  client.end();
}
