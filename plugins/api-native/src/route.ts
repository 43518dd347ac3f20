import type { ServerResponse } from 'node:http';
import {
  type CommandType,
  type Edge,
  type Engine,
  type Extensions,
  type Moment,
  parseMoment,
  parsePast,
  ShiplogError,
} from '@shiplog/contracts';
import { INSPECT_KINDS, type InspectKind } from './inspect-kinds.ts';
import type { RequestRecord } from './request-record.ts';

/** A request that fits a route. */
export interface Exchange {
  readonly engine: Engine;
  readonly extensions: Extensions;
  /** What this request leaves in the log. */
  readonly record: RequestRecord;
  readonly query: URLSearchParams;
  /** Path segments after the route's own, decoded. */
  readonly rest: readonly string[];
  readonly response: ServerResponse;
  /** Aborts when the connection closes, answered or not. */
  readonly gone: AbortSignal;
}

/** One path of the API. */
export interface Route {
  /** GET if absent. */
  readonly method?: 'POST';
  /** Commands it leads to: every request leaves one intent and one outcome of one of them. Absent: it changes nothing. */
  readonly verbs?: readonly CommandType[];
  /** Which of several, by the segments after its own; undefined for none of them. */
  readonly verbOf?: (rest: readonly string[]) => CommandType | undefined;
  /** It tells nothing of the log: others are reads of it, and leave that. */
  readonly readsNothing?: true;
  /** Path segments after the prefix. */
  readonly path: readonly string[];
  /** Whether more segments may follow. */
  readonly takesRest?: boolean;
  /** Parameters it understands; others are refused. */
  readonly query: readonly string[];
  /** It takes every parameter, and somebody else reads them. */
  readonly anyQuery?: true;
  /** Answers. What it throws before the first byte becomes an error response. */
  answer(exchange: Exchange): Promise<void>;
}

/** A parameter as a moment; undefined when absent. Throws REQUEST_INVALID, also for an empty one: whoever has lost a moment does not mean now. */
export function momentParameter(query: URLSearchParams, name: string, edge: Edge): Moment | undefined {
  const text = query.get(name);
  return text === null ? undefined : parseMoment(text, now(), edge);
}

/** The same of a moment to look at: throws REQUEST_INVALID too where it is yet to come. */
export function pastParameter(query: URLSearchParams, name: string): Moment | undefined {
  const text = query.get(name);
  return text === null ? undefined : parsePast(text, now());
}

function now(): bigint {
  return BigInt(Date.now()) * 1_000_000n;
}

/** A parameter as a switch: absent, empty, 0 and false are off, 1 and true are on. Throws REQUEST_INVALID for another word. */
export function switchParameter(query: URLSearchParams, name: string): boolean {
  const text = query.get(name) ?? '';
  if (['', '0', 'false'].includes(text)) return false;
  if (['1', 'true'].includes(text)) return true;
  throw new ShiplogError('REQUEST_INVALID', `${name} is 0 or 1, not "${text}"`, { [name]: text });
}

/** The path segments `{kind}/{ref}`: which kinds to look among, and for what. A reference may have slashes. Throws REQUEST_INVALID. */
export function objectOf(
  route: string,
  [word = '', ...names]: readonly string[],
): { readonly kinds: readonly InspectKind[]; readonly ref: string } {
  const kind = INSPECT_KINDS.find((known) => known === word);
  if (kind === undefined && word !== 'any') {
    const known = [...INSPECT_KINDS, 'any'].join(', ');
    throw new ShiplogError('REQUEST_INVALID', `${route} takes ${known} and a reference, not a "${word}"`, { kind: word });
  }
  const ref = names.join('/');
  if (ref === '') throw new ShiplogError('REQUEST_INVALID', `the path is ${route}/{kind}/{ref}: the reference is missing`);
  return { kinds: kind === undefined ? INSPECT_KINDS : [kind], ref };
}
