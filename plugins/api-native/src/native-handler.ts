import type { IncomingMessage, ServerResponse } from 'node:http';
import { type Actor, type ApiHandler, type Caller, type Engine, type Extensions, ShiplogError } from '@shiplog/contracts';
import { replyError } from './reply.ts';
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
    const segments = path.split('/').map(decode);
    const allowed: string[] = [];
    for (const route of ROUTES) {
      if (!route.path.every((word, index) => segments[index] === word)) continue;
      const rest = segments.slice(route.path.length);
      if (rest.length > 0 && route.takesRest !== true) continue;
      const { method = 'GET' } = route;
      if (request.method !== method) {
        allowed.push(method);
        continue;
      }
      if (route.anyQuery !== true) refuseUnknown(route, query);
      await route.answer({
        engine: this.#engine,
        extensions: this.#extensions,
        caller: callerOf(request, actor, route),
        query,
        rest,
        response,
        gone,
      });
      return;
    }
    if (allowed.length > 0) {
      response.setHeader('Allow', allowed.join(', '));
      replyError(response, new ShiplogError('REQUEST_INVALID', `${path} answers ${allowed.join(' and ')}, not ${request.method}`), 405);
      return;
    }
    throw new ShiplogError(
      'NOT_FOUND',
      `the native API has no path ${path}; it has ${[...new Set(ROUTES.map((r) => r.path.join('/')))].join(', ')}`,
    );
  }
}

function callerOf(request: IncomingMessage, actor: Actor, { path, takesRest }: Route): Caller {
  const agent = request.headers['user-agent'];
  const template = `${PREFIX}${path.join('/')}${takesRest === true ? '/{rest*}' : ''}`;
  return {
    actor,
    req: { method: request.method ?? 'GET', route: template, ...(agent === undefined ? {} : { agent: agent.slice(0, 256) }) },
  };
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
