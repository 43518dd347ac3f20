import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { type Actor, ShiplogError } from '@shiplog/contracts';
import type { RawStream } from './raw-stream.ts';

/** What the messages to a client are; what comes is taken as bytes, whichever they are. */
export type MessageKind = 'binary' | 'text';

/** The largest message that is taken from a client, in bytes; a larger one ends the connection with status 1009. */
const LARGEST_MESSAGE = 4 * 1024 * 1024;

/** Normal closure (RFC 6455, section 7.4.1). */
const NORMAL = 1000;

/** What a client is told who asks for a WebSocket without its handshake. */
export function noHandshake(): ShiplogError {
  return new ShiplogError(
    'REQUEST_INVALID',
    'this route is a WebSocket: send the opening handshake of RFC 6455 ("Connection: Upgrade", "Upgrade: websocket")',
  );
}

/**
 * Throws REQUEST_INVALID for a request that begins no handshake, and over TCP for one of a page of another site: browsers let every page open a WebSocket
 * to every host, with the user's certificate, and say of which page it is (RFC 6455, section 10.2). No page reaches a unix socket.
 */
export function checkHandshake({ headers }: IncomingMessage, { scheme }: Actor): void {
  if (headers.upgrade?.toLowerCase() !== 'websocket') throw noHandshake();
  const { origin, host } = headers;
  if (scheme === 'unix' || origin === undefined || hostOf(origin) === host) return;
  throw new ShiplogError(
    'REQUEST_INVALID',
    `a page of ${origin} may not attach to a container of this engine: a handshake over TCP has its own origin, or none`,
    {
      origin,
    },
  );
}

/**
 * Accepts a WebSocket (RFC 6455) on an upgraded connection of which nothing was read. Each write is one message; the end is a normal closure. Throws
 * REQUEST_INVALID for a handshake that is wrong: nothing was sent then.
 */
export async function webSocketStream(request: IncomingMessage, socket: Duplex, head: Buffer, messages: MessageKind): Promise<RawStream> {
  // Few clients ask for one.
  const { createWebSocketStream, WebSocketServer } = await import('ws');
  const server = new WebSocketServer({ noServer: true, clientTracking: false, maxPayload: LARGEST_MESSAGE, skipUTF8Validation: true });
  const { promise, resolve, reject } = Promise.withResolvers<RawStream>();
  // A listener has it write no answer of its own.
  server.on('wsClientError', (error) => reject(ShiplogError.wrap(error, 'REQUEST_INVALID')));
  server.handleUpgrade(request, socket, head, (webSocket) => {
    const input = createWebSocketStream(webSocket);
    // Read or not: what a client does wrong is its end, with a status that says why.
    input.on('error', () => webSocket.close());
    resolve({
      input: bytesOf(input),
      // What cannot be sent any more is dropped: the client is gone.
      write: (data) => new Promise((sent) => webSocket.send(data, { binary: messages === 'binary' }, () => sent())),
      end: () => {
        webSocket.close(NORMAL);
        // What still comes is dropped, up to the client's own closure.
        input.resume();
      },
    });
  });
  return promise;
}

/** What comes until the client closes, or does something wrong. Who stops reading does not end the connection. */
async function* bytesOf(input: Duplex): AsyncGenerator<Uint8Array> {
  try {
    yield* input.iterator({ destroyOnReturn: false });
  } catch (error) {
    if (!input.destroyed) throw error;
  }
}

/** Undefined for what is no URL, such as `null`, which sandboxed pages have. */
function hostOf(origin: string): string | undefined {
  return URL.parse(origin)?.host;
}
