import type { ServerResponse } from 'node:http';
import type { Duplex, Writable } from 'node:stream';
import { COMMON_HEADERS } from './headers.ts';
import type { UpgradeInput } from './upgrade-input.ts';

/** A connection that carries bytes both ways, after HTTP has left it. Each direction ends on its own. */
export interface RawStream {
  /** What the client sends, to the end of its direction. */
  readonly input: AsyncIterable<Uint8Array>;
  /** Resolves when more may be written; at once when the client is gone. */
  write(data: Uint8Array): Promise<void>;
  /** Ends the output once all of it is written. */
  end(): void;
}

/** Switches an upgraded connection with `101 UPGRADED`, the one status that Docker's Go client accepts. */
export function upgradedStream(socket: Duplex, input: UpgradeInput, contentType: string): RawStream {
  const headers = Object.entries({ ...COMMON_HEADERS, 'Content-Type': contentType, Connection: 'Upgrade', Upgrade: 'tcp' });
  socket.write(`HTTP/1.1 101 UPGRADED\r\n${headers.map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n`);
  return { input: input.rest(), write: (data) => writeTo(socket, data), end: () => hangUp(socket, input) };
}

/** How long a client may take to close its side once everything was sent, in milliseconds. */
const LINGER_MS = 10_000;

/** Ends the output of an upgraded connection, and the connection when the client has ended its side too. */
export function hangUp(socket: Duplex, input: UpgradeInput): void {
  socket.once('finish', () => setTimeout(() => socket.destroy(), LINGER_MS).unref());
  socket.end();
  void input.discard();
}

/** The same for a client that asked for no upgrade: output is the response's body, input what is left of the request's. */
export function bodyStream(response: ServerResponse, input: AsyncIterable<Uint8Array>, contentType: string): RawStream {
  response.writeHead(200, { 'Content-Type': contentType });
  response.flushHeaders();
  return { input, write: (data) => writeTo(response, data), end: () => response.end() };
}

async function writeTo(writable: Writable, data: Uint8Array): Promise<void> {
  if (writable.destroyed || writable.writableEnded || writable.write(data)) return;
  await new Promise<void>((resolve) => {
    const settle = (): void => {
      writable.off('drain', settle);
      writable.off('close', settle);
      resolve();
    };
    writable.on('drain', settle);
    writable.on('close', settle);
    if (writable.destroyed) settle();
  });
}
