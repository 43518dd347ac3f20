import type { IncomingMessage, ServerResponse } from 'node:http';
import { type Actor, type ApiHandler, type Caller, type CommandType, type Engine, type Extensions, ShiplogError } from '@shiplog/contracts';
import { replyError } from './reply.ts';
import { RequestRecord } from './request-record.ts';
import type { Route } from './route.ts';
import { audit } from './routes/audit.ts';
import { boundary } from './routes/boundary.ts';
import { diff } from './routes/diff.ts';
import { erase } from './routes/erase.ts';
import { events } from './routes/events.ts';
import { hash } from './routes/hash.ts';
import { info } from './routes/info.ts';
import { inspect } from './routes/inspect.ts';
import { changePlugin } from './routes/change-plugin.ts';
import { prune, seal } from './routes/retain.ts';
import { migrateContainer, migrateImage } from './routes/migrate.ts';
import { plugins } from './routes/plugins.ts';
import { state } from './routes/state.ts';
import { verify } from './routes/verify.ts';
import { views } from './routes/views.ts';
import { why } from './routes/why.ts';

/** Every path of this API begins so. */
export const PREFIX = '/shiplog/v1/';

/** Every route of the native API. The first that fits answers. */
export const ROUTES: readonly Route[] = [
  events,
  audit,
  state,
  inspect,
  diff,
  why,
  verify,
  hash,
  boundary,
  info,
  erase,
  seal,
  prune,
  plugins,
  changePlugin,
  migrateImage,
  migrateContainer,
  views,
];

/** Characters that are recorded of a path that nothing serves. */
const LONGEST_PATH = 256;

/** Answers every path under {@link PREFIX}, unknown ones too (404); takes no other. */
export class NativeHandler implements ApiHandler {
  readonly #engine: Engine;

  readonly #extensions: Extensions;

  constructor(engine: Engine, extensions: Extensions) {
    this.#engine = engine;
    this.#extensions = extensions;
  }

  request(request: IncomingMessage, response: ServerResponse, actor: Actor): boolean {
    const { path, query } = split(request.url ?? '');
    if (!path.startsWith(PREFIX)) return false;
    const gone = new AbortController();
    response.on('close', () => gone.abort());
    this.#answer(request, response, actor, path.slice(PREFIX.length), query, gone.signal).catch((error: unknown) => {
      if (!gone.signal.aborted) replyError(response, this.#engine.told(error));
    });
    return true;
  }

  /** No route of this API upgrades. */
  upgrade(): boolean {
    return false;
  }

  async #answer(
    request: IncomingMessage,
    response: ServerResponse,
    actor: Actor,
    path: string,
    query: URLSearchParams,
    gone: AbortSignal,
  ): Promise<void> {
    const { method = 'GET' } = request;
    const fits = ROUTES.filter((candidate) => isOf(candidate, path));
    const allowed = fits.map((candidate) => candidate.method ?? 'GET');
    const route = fits[allowed.findIndex((word) => word === method)];
    const encoded = path.split('/').slice(route?.path.length);
    const verb = route && (route.verbOf === undefined ? route.verbs?.[0] : route.verbOf(encoded));
    const record = new RequestRecord(this.#engine, callerOf(request, actor, templateOf(path, route, verb)));
    try {
      if (route === undefined) throw misdirected(path, method, allowed);
      const rest = encoded.map(decode);
      if (route.anyQuery !== true) refuseUnknown(route, query);
      await route.answer({ engine: this.#engine, extensions: this.#extensions, record, query, rest, response, gone });
    } catch (error) {
      const change = method !== 'GET' && method !== 'HEAD' && method !== 'OPTIONS';
      const read = route !== undefined && route.readsNothing !== true && !change;
      const refusal = change || read ? await record.refuse(read ? 'log.read' : verb, error) : error;
      if (route !== undefined || allowed.length === 0) throw refusal;
      response.setHeader('Allow', allowed.join(', '));
      replyError(response, this.#engine.told(refusal), 405);
    }
  }
}

/** Whether a route has a path, whatever the method. */
function isOf(route: Route, path: string): boolean {
  const segments = path.split('/');
  return route.path.every((word, index) => segments[index] === word) && (route.takesRest === true || segments.length === route.path.length);
}

/** A route's template; of what is for no route, or for none of a route's verbs, the path. */
function templateOf(path: string, route: Route | undefined, verb: CommandType | undefined): string {
  if (route === undefined || (route.verbs !== undefined && verb === undefined)) return `${PREFIX}${path}`.slice(0, LONGEST_PATH);
  return `${PREFIX}${route.path.join('/')}${route.takesRest === true ? '/{rest*}' : ''}`;
}

function callerOf(request: IncomingMessage, actor: Actor, route: string): Caller {
  const agent = request.headers['user-agent'];
  return { actor, req: { method: request.method ?? 'GET', route, ...(agent === undefined ? {} : { agent: agent.slice(0, 256) }) } };
}

/** Why no route answers: those that have the path have other methods, or there are none. */
function misdirected(path: string, method: string, allowed: readonly string[]): ShiplogError {
  if (allowed.length > 0) return new ShiplogError('REQUEST_INVALID', `${path} answers ${allowed.join(' and ')}, not ${method}`);
  const all = [...new Set(ROUTES.map((route) => route.path.join('/')))].join(', ');
  return new ShiplogError('NOT_FOUND', `the native API has no path ${path}; it has ${all}`);
}

function split(url: string): { readonly path: string; readonly query: URLSearchParams } {
  const mark = url.indexOf('?');
  if (mark === -1) return { path: url, query: new URLSearchParams() };
  return { path: url.slice(0, mark), query: new URLSearchParams(url.slice(mark + 1)) };
}

function decode(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch (error) {
    throw new ShiplogError('REQUEST_INVALID', `the path segment "${segment}" is not percent-encoded UTF-8`, { segment }, { cause: error });
  }
}

/** A parameter that is misspelt would silently widen the answer; so it is refused. */
function refuseUnknown(route: Route, query: URLSearchParams): void {
  for (const name of query.keys()) {
    if (route.query.includes(name)) continue;
    const known = route.query.length === 0 ? 'none' : route.query.join(', ');
    throw new ShiplogError('REQUEST_INVALID', `unknown parameter "${name}"; ${route.path.join('/')} takes ${known}`, { parameter: name });
  }
}
