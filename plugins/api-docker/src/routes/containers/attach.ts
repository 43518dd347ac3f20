import { ShiplogError } from '@shiplog/contracts';
import { outputContentType } from '../../http/content-type.ts';
import { DEFAULT_DETACH_KEYS, parseDetachKeys } from '../../http/detach-keys.ts';
import { type Exchange, param } from '../../http/exchange.ts';
import { pump } from '../../http/pump.ts';
import { booleanOf } from '../../http/query.ts';
import type { RawStream } from '../../http/raw-stream.ts';
import { logFormatter } from './log-chunk.ts';

/**
 * `POST /containers/{id}/attach`. The channel is open before the connection switches, so that a client that starts the
 * container after the 101 misses nothing.
 */
export async function attachContainer(exchange: Exchange): Promise<void> {
  const { engine, query, version, gone } = exchange;
  const streams = { stdin: booleanOf(query, 'stdin'), stdout: booleanOf(query, 'stdout'), stderr: booleanOf(query, 'stderr') };
  const detachKeys = parseDetachKeys(query.get('detachKeys') || DEFAULT_DETACH_KEYS);
  const { id, name, status, spec } = (await engine.view()).container(param(exchange, 'id'));
  if (status === 'paused') {
    throw new ShiplogError('CONTAINER_PAUSED', `container ${name} is paused, unpause the container before attach`);
  }
  if (status === 'restarting') {
    throw new ShiplogError('CONTAINER_BUSY', `container ${name} is restarting, wait until the container is running before attach`);
  }
  const channel = booleanOf(query, 'stream') ? await engine.attach(id, streams) : undefined;
  const client = exchange.hijack(outputContentType(spec.tty, version));
  if (booleanOf(query, 'logs')) await replayLogs(exchange, id, client, { ...streams, tty: spec.tty });
  if (channel !== undefined) {
    const stdin = streams.stdin && spec.openStdin;
    await pump(channel, client, { ...streams, stdin, tty: spec.tty, detachKeys, gone });
  }
  client.end();
}

async function replayLogs(
  { engine, gone }: Exchange,
  id: string,
  client: RawStream,
  options: { readonly tty: boolean; readonly stdout: boolean; readonly stderr: boolean },
): Promise<void> {
  const toBytes = logFormatter({ tty: options.tty, timestamps: false, details: false });
  const { stdout, stderr } = options;
  for await (const record of engine.logs(id, { stdout, stderr, follow: false, signal: gone })) await client.write(toBytes(record));
}
