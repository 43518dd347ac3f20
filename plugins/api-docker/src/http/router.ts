import { type CommandType, ShiplogError } from '@shiplog/contracts';
import type { Route } from './exchange.ts';

/** A row of the route table. `{name}` stands for one path segment, `{name*}` for one or more: image names contain slashes. */
export interface RouteEntry {
  readonly method: string;
  readonly template: string;
  readonly route: Route;
  /** It tells of the state, and takes `at`: a moment in the past. */
  readonly past?: boolean;
  /** The command it leads to, or one of several: every request leaves one intent and one outcome of it. Absent: it changes nothing. */
  readonly verb?: CommandType | readonly CommandType[];
}

export interface RouteMatch {
  readonly entry: RouteEntry;
  readonly params: { readonly [name: string]: string };
}

/** Finds the first row of a table that fits a request. */
export class Router {
  readonly #rows: readonly { readonly entry: RouteEntry; readonly expression: RegExp }[];

  constructor(entries: readonly RouteEntry[]) {
    this.#rows = entries.map((entry) => ({ entry, expression: toExpression(entry.template) }));
  }

  /** Undefined when no row fits. Parameters are percent-decoded; throws REQUEST_INVALID where that cannot be done. */
  match(method: string, path: string): RouteMatch | undefined {
    for (const { entry, expression } of this.#rows) {
      if (entry.method !== method) continue;
      const found = expression.exec(path);
      if (found === null) continue;
      const params = Object.entries(found.groups ?? {}).map(([name, value]) => [name, decodePath(value)] as const);
      return { entry, params: Object.fromEntries(params) };
    }
    return undefined;
  }
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
