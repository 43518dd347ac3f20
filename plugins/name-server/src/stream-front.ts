import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { Allowance, MOST_A_SECOND } from './allowance.ts';
import { framed, messagesOf } from './framing.ts';
import { LARGEST_QUESTION } from './message.ts';
import type { Responder } from './responder.ts';

const MOST_CONNECTIONS = 32;
/** Questions of one connection that are answered side by side, in the order in which answers come (RFC 7766, 6.2.1.1). */
const MOST_AT_ONCE = 16;

export interface StreamFrontOptions {
  /** Milliseconds without a byte after which a connection ends; 10,000 if absent. */
  readonly idle?: number;
  /** Questions that are read in a second, of all connections; {@link MOST_A_SECOND} if absent. */
  readonly rate?: number;
}

/** Answers at a bound TCP socket, which is its own from here on, also when this throws. */
export async function streamFront(
  fd: number,
  responder: Pick<Responder, 'respond'>,
  { idle = 10_000, rate = MOST_A_SECOND }: StreamFrontOptions = {},
): Promise<AsyncDisposable> {
  const connections = new Set<Socket>();
  const allowance = new Allowance(rate);
  // A client may end its side as soon as it has asked.
  const server = createServer({ allowHalfOpen: true }, (connection) => {
    connections.add(connection);
    connection.unref().on('close', () => connections.delete(connection));
    void serve(connection, responder, idle, allowance);
  });
  server.maxConnections = MOST_CONNECTIONS;
  server.listen({ fd });
  await once(server, 'listening');
  server.unref();
  return {
    async [Symbol.asyncDispose]() {
      if (!server.listening) return;
      const closed = once(server, 'close');
      server.close();
      for (const connection of connections) connection.destroy();
      await closed;
    },
  };
}

/** Until the client ends it, says what is no question, or does nothing for `idle`. */
async function serve(connection: Socket, responder: Pick<Responder, 'respond'>, idle: number, allowance: Allowance): Promise<void> {
  const underWay = new Set<Promise<void>>();
  const gone = new AbortController();
  // What went wrong does not matter; that it is closed then, does.
  connection.on('error', () => undefined).on('close', () => gone.abort());
  connection.setTimeout(idle).on('timeout', () => {
    // An answer that is being looked for takes as long as it takes; one that the client does not read is its own fault.
    if (underWay.size === 0 || connection.writableLength > 0) connection.destroy();
  });
  const answer = async (message: Uint8Array): Promise<void> => {
    const response = await responder.respond(message, 'tcp');
    if (response === undefined) connection.destroy();
    else if (!connection.destroyed) connection.write(framed(response));
  };
  try {
    for await (const message of messagesOf(connection.iterator({ destroyOnReturn: false }), LARGEST_QUESTION)) {
      const wait = allowance.take();
      if (wait > 0) await sleep(wait, undefined, { signal: gone.signal, ref: false });
      const answered = answer(message).finally(() => underWay.delete(answered));
      underWay.add(answered);
      if (underWay.size >= MOST_AT_ONCE) await Promise.race(underWay);
      if (connection.writableNeedDrain) await once(connection, 'drain', { signal: gone.signal });
      if (connection.destroyed) return;
    }
    await Promise.all(underWay);
    connection.end();
  } catch {
    // It is reset or ended, or brings too large a message.
    connection.destroy();
  }
}
