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

/** Events that were asked for: those from `first` to `last`, as they are sent. */
interface Found {
  readonly first: number;
  readonly last: number;
  readonly bytes: Uint8Array;
}

/** Characters that are recorded of a path that nothing serves. */
const LONGEST_PATH = 256;

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
      const known = errorOf(error);
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
    const { vkey, log, publisher, readers } = await this.#parts;
    const [path = '', query = ''] = rest.split('?');
    if (request.method !== 'GET') {
      const caller = callerOf(request, actor, path.slice(0, LONGEST_PATH));
      throw await readers.notServed(new ShiplogError('REQUEST_INVALID', `${PREFIX} answers GET, not ${request.method}`), caller);
    }
    /** Answers with events, and records who is given or refused them. */
    const tell = async (template: string, type: string, found: () => Promise<Found>): Promise<void> => {
      const caller = callerOf(request, actor, template);
      try {
        const { first, last, bytes } = await found();
        await readers.read(request.socket, first, last, caller);
        send(response, 200, type, FOREVER, bytes);
      } catch (error) {
        throw await readers.refused(request.socket, errorOf(error), caller);
      }
    };
    if (path === 'key') send(response, 200, TEXT, 'no-store', `${vkey}\n`);
    else if (path === 'checkpoint') send(response, 200, TEXT, 'no-store', await checkpoint(publisher, new URLSearchParams(query)));
    else if (path.startsWith('event/')) await tell('event/{seq}', 'application/json', () => eventAt(log, path.slice('event/'.length)));
    else if (path.startsWith('tile/entries/')) await tell('tile/entries/{path*}', BYTES, () => bundle(log, path));
    else send(response, 200, BYTES, FOREVER, await hashes(log, path));
  }
}

function errorOf(error: unknown): ShiplogError {
  return error instanceof TlogError ? new ShiplogError('NOT_FOUND', error.message) : ShiplogError.wrap(error);
}

function callerOf(request: IncomingMessage, actor: Actor, template: string): Caller {
  const agent = request.headers['user-agent'];
  return {
    actor,
    req: { method: request.method ?? 'GET', route: PREFIX + template, ...(agent === undefined ? {} : { agent: agent.slice(0, 256) }) },
  };
}

function checkpoint(publisher: Publisher, query: URLSearchParams): Promise<string> {
  for (const name of query.keys())
    if (name !== 'covers' && name !== 'size') throw new ShiplogError('REQUEST_INVALID', `checkpoint takes covers or size, not "${name}"`);
  const size = query.get('size');
  return size === null ? publisher.covering(whole(query.get('covers') ?? '0', 'covers')) : publisher.at(whole(size, 'size'));
}

async function eventAt(log: ProvableLog, text: string): Promise<Found> {
  const seq = whole(text, 'the position');
  return { first: seq, last: seq, bytes: Buffer.concat(await events(log, seq, seq)) };
}

async function bundle(log: ProvableLog, path: string): Promise<Found> {
  const { index, width } = tileIn(log, path);
  const first = index * TILE_WIDTH;
  const last = first + width - 1;
  return { first, last, bytes: encodeBundle((await events(log, first, last)).map(entryOf)) };
}

async function hashes(log: ProvableLog, path: string): Promise<Uint8Array> {
  const { level, index, width } = tileIn(log, path);
  if (level === 'entries') throw new ShiplogError('INTERNAL', `${path} is a tile of entries`);
  return (await log.tree.tile(level, index)).subarray(0, width * HASH_BYTES);
}

function tileIn(log: ProvableLog, path: string): TileId {
  const id = parseTilePath(path);
  refuseMissing(id, log.tree.size);
  return id;
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
