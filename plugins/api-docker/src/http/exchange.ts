import type { IncomingMessage, ServerResponse } from 'node:http';
import { type Caller, type CommandType, type Engine, type ReadVerb, ShiplogError } from '@shiplog/contracts';
import { readJson } from './body.ts';
import { Fields } from './fields.ts';
import type { RawStream } from './raw-stream.ts';
import type { ApiVersion } from './version.ts';
import type { MessageKind } from './web-socket.ts';

/** One request with everything a route needs to answer it. */
export interface Exchange {
  readonly engine: Engine;
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly params: { readonly [name: string]: string };
  readonly query: URLSearchParams;
  readonly version: ApiVersion;
  readonly caller: Caller;
  /** The body, whichever way it comes. Read once. */
  readonly body: AsyncIterable<Uint8Array>;
  /** Aborts when the client goes away before it was answered. */
  readonly gone: AbortSignal;
  /** Turns the connection into a raw stream of bytes, both ways: 101 when the client asked for an upgrade, else 200. */
  hijack(contentType: string): RawStream;
  /** Turns it into a WebSocket, whose messages are pieces of such a stream. Throws REQUEST_INVALID where the client began no handshake, or a wrong one. */
  webSocket(messages: MessageKind): Promise<RawStream>;
}

/** Answers one request. What it throws becomes an error response. */
export type Route = (exchange: Exchange) => Promise<void>;

/** A parameter of the route's template. */
export function param(exchange: Exchange, name: string): string {
  const value = exchange.params[name];
  if (value === undefined) throw new ShiplogError('INTERNAL', `the route has no parameter ${name}`);
  return value;
}

/**
 * Runs `read`, the part of a route that comes before its command, or before its read of the log or of content. What it throws is recorded as a
 * refused request of `type`, and thrown on.
 */
export async function decode<T>(exchange: Exchange, type: CommandType | ReadVerb, read: () => T | Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (error) {
    throw await exchange.engine.refuse(type, ShiplogError.wrap(error), exchange.caller);
  }
}

/** The request's JSON body as typed fields. */
export async function jsonBody(exchange: Exchange): Promise<Fields> {
  return new Fields(await readJson(exchange.body, exchange.request.headers['content-type']));
}
