import type { IncomingMessage, ServerResponse } from 'node:http';
import { type Actor, type ApiHandler, type Caller, type ErrorClass, ShiplogError } from '@shiplog/contracts';
import { encodeBundle, entryOf, HASH_BYTES, parseTilePath, TILE_WIDTH, type TileId, TlogError } from '@shiplog/tlog';
import type { ProvableLog } from './provable-log.ts';
import type { Publisher } from './publisher.ts';
import type { Readers } from './readers.ts';

/** The log's prefix in the words of C2SP tlog-tiles: every path of this API begins so. */
export const PREFIX = '/shiplog/tlog/';

const TEXT = 'text/plain; charset=utf-8';
const BYTES = 'application/octet-stream';
/** A tile of some width never changes. */
const FOREVER = 'max-age=31536000, immutable';

const STATUS: { readonly [C in ErrorClass]?: number } = { invalid: 400, 'not-found': 404, unavailable: 503 };

export interface TlogParts {
  /** The log's public key, as others write it. */
  readonly vkey: string;
  readonly log: ProvableLog;
  readonly publisher: Publisher;
  readonly readers: Readers;
}

/**
 * Serves the log as a tiled transparency log (C2SP tlog-tiles): `checkpoint`, `tile/<level>/<index>[.p/<width>]`,
 * `tile/entries/<index>[.p/<width>]`. Beyond that: `key`, the public key; `event/<seq>`, the canonical bytes of one event, also of one
 * that is too large for a bundle; `checkpoint?covers=<size>`, one over at least so many events, signed now if need be;
 * `checkpoint?size=<size>`, one over exactly so many. Everything else, proofs too, a client makes of these.
 */
export class TlogHandler implements ApiHandler {
  readonly #parts: Promise<TlogParts>;

  /** Takes requests at once, and answers them once the parts are there. */
  constructor(parts: Promise<TlogParts>) {
    this.#parts = parts;
  }

  request(request: IncomingMessage, response: ServerResponse, actor: Actor): boolean {
    const url = request.url ?? '';
    if (!url.startsWith(PREFIX)) return false;
    this.#answer(request, url.slice(PREFIX.length), response, actor).catch((error: unknown) => {
      const known = error instanceof TlogError ? new ShiplogError('NOT_FOUND', error.message) : ShiplogError.wrap(error);
      if (response.headersSent) response.destroy();
      else send(response, STATUS[known.class] ?? 500, 'application/json', 'no-store', `${JSON.stringify(known.toRecord())}\n`);
    });
    return true;
  }

  /** Nothing here upgrades. */
  upgrade(): boolean {
    return false;
  }

  async #answer(request: IncomingMessage, rest: string, response: ServerResponse, actor: Actor): Promise<void> {
    if (request.method !== 'GET') throw new ShiplogError('REQUEST_INVALID', `${PREFIX} answers GET, not ${request.method}`);
    const { vkey, log, publisher, readers } = await this.#parts;
    const [path = '', query = ''] = rest.split('?');
    if (path === 'key') send(response, 200, TEXT, 'no-store', `${vkey}\n`);
    else if (path === 'checkpoint') send(response, 200, TEXT, 'no-store', await checkpoint(publisher, new URLSearchParams(query)));
    else if (path.startsWith('event/')) {
      const seq = whole(path.slice('event/'.length), 'the position');
      const event = Buffer.concat(await events(log, seq, seq));
      await readers.read(request.socket, seq, seq, callerOf(request, actor, 'event/{seq}'));
      send(response, 200, 'application/json', FOREVER, event);
    } else {
      const id = parseTilePath(path);
      refuseMissing(id, log.tree.size);
      if (id.level === 'entries') {
        const first = id.index * TILE_WIDTH;
        await readers.read(request.socket, first, first + id.width - 1, callerOf(request, actor, 'tile/entries/{path*}'));
      }
      send(response, 200, BYTES, FOREVER, await tile(log, id));
    }
  }
}

function callerOf(request: IncomingMessage, actor: Actor, template: string): Caller {
  const agent = request.headers['user-agent'];
  return { actor, req: { method: 'GET', route: PREFIX + template, ...(agent === undefined ? {} : { agent: agent.slice(0, 256) }) } };
}

function checkpoint(publisher: Publisher, query: URLSearchParams): Promise<string> {
  for (const name of query.keys())
    if (name !== 'covers' && name !== 'size') throw new ShiplogError('REQUEST_INVALID', `checkpoint takes covers or size, not "${name}"`);
  const size = query.get('size');
  return size === null ? publisher.covering(whole(query.get('covers') ?? '0', 'covers')) : publisher.at(whole(size, 'size'));
}

async function tile(log: ProvableLog, { level, index, width }: TileId): Promise<Uint8Array> {
  if (level !== 'entries') return (await log.tree.tile(level, index)).subarray(0, width * HASH_BYTES);
  const first = index * TILE_WIDTH;
  return encodeBundle((await events(log, first, first + width - 1)).map(entryOf));
}

async function events(log: ProvableLog, from: number, to: number): Promise<readonly Uint8Array[]> {
  if (to >= log.tree.size) throw new ShiplogError('LOG_POSITION_UNKNOWN', `the log has no event ${to}`, { seq: to });
  const bytes: Uint8Array[] = [];
  for await (const event of log.readBytes({ from, to })) bytes.push(event);
  return bytes;
}

function refuseMissing({ level, index, width }: TileId, size: number): void {
  const leaves = TILE_WIDTH ** (level === 'entries' ? 0 : level) * (index * TILE_WIDTH + width);
  if (leaves > size)
    throw new ShiplogError('LOG_POSITION_UNKNOWN', `the tree of ${size} events has no such tile yet`, { level, index, width });
}

function whole(text: string, what: string): number {
  const value = /^\d{1,16}$/.test(text) ? Number(text) : Number.NaN;
  if (Number.isSafeInteger(value)) return value;
  throw new ShiplogError('REQUEST_INVALID', `${what} is a whole number, not "${text.slice(0, 40)}"`);
}

function send(response: ServerResponse, status: number, type: string, cache: string, body: string | Uint8Array): void {
  response.writeHead(status, { 'Content-Type': type, 'Cache-Control': cache, 'Content-Length': Buffer.byteLength(body) });
  response.end(body);
}
