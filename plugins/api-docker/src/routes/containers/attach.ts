import type { AttachOptions } from '@shiplog/contracts';
import { outputContentType } from '../../http/content-type.ts';
import { DEFAULT_DETACH_KEYS, parseDetachKeys } from '../../http/detach-keys.ts';
import { decode, type Exchange, param } from '../../http/exchange.ts';
import { pump } from '../../http/pump.ts';
import { booleanOf } from '../../http/query.ts';
import type { RawStream } from '../../http/raw-stream.ts';
import { atLeast } from '../../http/version.ts';
import { checkHandshake } from '../../http/web-socket.ts';
import { logFormatter } from './log-chunk.ts';

/** How a route of attaching differs from the other. */
interface Attachment {
  readonly streams: AttachOptions;
  /** Refuses a request that cannot become the connection. */
  check?(): void;
  /** Output comes in frames that name its stream, of a container without a terminal. */
  readonly framed: boolean;
  /** Switches the connection. */
  open(tty: boolean): RawStream | Promise<RawStream>;
}

/** `POST /containers/{id}/attach`. */
export async function attachContainer(exchange: Exchange): Promise<void> {
  const open = (tty: boolean): RawStream => exchange.hijack(outputContentType(tty, exchange.version));
  await attach(exchange, { streams: streamsIn(exchange), framed: true, open });
}

/**
 * `GET /containers/{id}/attach/ws`: the same over a WebSocket. Output comes as it is, stdout and stderr in one; in binary messages from API 1.28 on, in
 * text before. Which streams is heeded from 1.42 on; before, as Docker has it, it is all of them.
 */
export async function attachWebSocket(exchange: Exchange): Promise<void> {
  const { request, caller, version } = exchange;
  await attach(exchange, {
    streams: atLeast(version, '1.42') ? streamsIn(exchange) : { stdin: true, stdout: true, stderr: true },
    check: () => checkHandshake(request, caller.actor),
    framed: false,
    open: () => exchange.webSocket(atLeast(version, '1.28') ? 'binary' : 'text'),
  });
}

/** The channel is open before the connection switches, so that a client that starts the container after the 101 misses nothing. */
async function attach(exchange: Exchange, { streams, check, framed: inFrames, open }: Attachment): Promise<void> {
  const { engine, query, gone, caller } = exchange;
  const ref = param(exchange, 'id');
  const { id, spec, detachKeys } = await decode(exchange, 'container.attach', async () => {
    check?.();
    const found = (await engine.view()).container(ref);
    return { id: found.id, spec: found.spec, detachKeys: parseDetachKeys(query.get('detachKeys') || DEFAULT_DETACH_KEYS) };
  });
  const { tty } = spec;
  const framed = inFrames && !tty;
  const channel = booleanOf(query, 'stream') ? await engine.attach(ref, streams, caller) : undefined;
  try {
    const { stdout, stderr } = streams;
    const past = booleanOf(query, 'logs') ? await engine.logs(ref, { stdout, stderr, follow: false, signal: gone }, caller) : undefined;
    const client = await open(tty);
    if (past !== undefined) {
      const toBytes = logFormatter({ framed, timestamps: false, details: false });
      for await (const record of past) await client.write(toBytes(record));
    }
    if (channel !== undefined) {
      const stdin = streams.stdin && spec.openStdin;
      const how = await pump(channel, client, { ...streams, stdin, tty, framed, detachKeys, gone });
      if (how === 'detached') await engine.detached({ container: id }, caller);
    }
    client.end();
  } finally {
    channel?.close();
  }
}

function streamsIn({ query }: Exchange): AttachOptions {
  return { stdin: booleanOf(query, 'stdin'), stdout: booleanOf(query, 'stdout'), stderr: booleanOf(query, 'stderr') };
}
