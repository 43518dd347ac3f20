import { type CommandType, type ReadVerb, ShiplogError } from '@shiplog/contracts';
import type { Route } from './exchange.ts';

/** A row of the route table. `{name}` stands for one path segment, `{name*}` for one or more: image names contain slashes. */
export interface RouteEntry {
  readonly method: string;
  readonly template: string;
  readonly route: Route;
  /** It tells of the state, and takes `at`: a moment in the past. */
  readonly past?: boolean;
  /**
   * The command it leads to, or one of several: every request leaves one intent and one outcome of it. A read of a container that runs leaves one
   * `content.read` instead, and one that cannot be read `request.refused`.
   */
  readonly verb?: CommandType | readonly CommandType[];
  /** Which of several. */
  readonly verbOf?: (query: URLSearchParams) => CommandType;
  /** It leads to no command, and leaves one record of this, whatever came of it. */
  readonly leaves?: ReadVerb;
  /** It changes nothing, whatever its method, and leaves nothing. */
  readonly harmless?: true;
}

export interface RouteMatch {
  readonly entry: RouteEntry;
  /** As they stand in the path: see {@link decoded}. */
  readonly params: { readonly [name: string]: string };
}

/** Finds the first row of a table that fits a request. */
export class Router {
  readonly #rows: readonly { readonly entry: RouteEntry; readonly expression: RegExp }[];

  constructor(entries: readonly RouteEntry[]) {
    this.#rows = entries.map((entry) => ({ entry, expression: toExpression(entry.template) }));
  }

  /** Undefined when no row fits. */
  match(method: string, path: string): RouteMatch | undefined {
    for (const { entry, expression } of this.#rows) {
      if (entry.method !== method) continue;
      const found = expression.exec(path);
      if (found === null) continue;
      return { entry, params: { ...found.groups } };
    }
    return undefined;
  }
}

/** Parameters, percent-decoded. Throws REQUEST_INVALID where that cannot be done. */
export function decoded(params: RouteMatch['params']): RouteMatch['params'] {
  return Object.fromEntries(Object.entries(params).map(([name, value]) => [name, decodePath(value)]));
}

/** The command, or the read, that a request is for; undefined where it is for neither. */
export function verbOf({ verb, verbOf: choose, leaves }: RouteEntry, query: URLSearchParams): CommandType | ReadVerb | undefined {
  return leaves ?? choose?.(query) ?? [verb].flat()[0];
}

function toExpression(template: string): RegExp {
  const source = template
    .split(/(\{\w+\*?\})/)
    .map((part) => {
      const name = /^\{(\w+)(\*?)\}$/.exec(part);
      if (name === null) return part.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`);
      return name[2] === '*' ? `(?<${name[1]}>.+)` : `(?<${name[1]}>[^/]+)`;
    })
    .join('');
  return new RegExp(`^${source}/?$`);
}

function decodePath(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch (error) {
    throw new ShiplogError('REQUEST_INVALID', `the path is not well encoded: ${text}`, {}, { cause: error });
  }
}
