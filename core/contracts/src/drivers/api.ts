import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Actor } from '../actor.ts';
import type { Engine } from '../engine.ts';
import type { Extensions } from '../plugins.ts';

/** Takes HTTP requests for one API. Several share a socket; the first that takes a request answers it. */
export interface ApiHandler {
  /** False: not mine, nothing was done with it. */
  request(request: IncomingMessage, response: ServerResponse, actor: Actor): boolean;
  /** The same for `Upgrade` requests: node leaves the body unread, in `head` and on `socket`. */
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer, actor: Actor): boolean;
}

/** A way to speak with the engine. Driver kind `api`. */
export interface Api {
  handler(engine: Engine, extensions: Extensions): ApiHandler;
}
