import type { ShiplogEvent } from '@shiplog/contracts';
import { TimeIndex } from './time-index.ts';
import { TypeIndex } from './type-index.ts';

/** Where a stream's events are: index is `rev`, value is `seq`. */
type Positions = number[];

/**
 * What the log knows of its events without reading them: positions of each stream's events, the last position of each
 * tag, the first position of each idempotency key, each event's type, and roughly its time. It covers admitted events, durable or not; readers cut it at the last
 * durable one. Kept in memory, about 10 bytes an event, and rebuilt by folding `add` over the log.
 */
export class LogIndex {
  readonly types = new TypeIndex();
  readonly times = new TimeIndex();
  readonly #streams = new Map<string, Positions>();
  readonly #tags = new Map<string, number>();
  readonly #keys = new Map<string, { readonly seq: number; readonly op: string }>();

  /** Takes in the next event. Events come in order of `seq`, and of `rev` within their stream. */
  add(event: ShiplogEvent): void {
    const positions = this.#streams.get(event.stream);
    if (positions === undefined) this.#streams.set(event.stream, [event.seq]);
    else positions.push(event.seq);
    this.types.add(event.type);
    this.times.add(event.t);
    if (event.tags !== undefined) for (const tag of event.tags) this.#tags.set(tag, event.seq);
    if (event.idem !== undefined && !this.#keys.has(event.idem)) this.#keys.set(event.idem, { seq: event.seq, op: event.op });
  }

  /** Revision of a stream's last event; -1 for none. */
  revision(stream: string): number {
    return (this.#streams.get(stream)?.length ?? 0) - 1;
  }

  /** Position of the last event with this tag; -1 for none. */
  lastTagged(tag: string): number {
    return this.#tags.get(tag) ?? -1;
  }

  /** First event with this idempotency key, and the operation it belongs to. */
  idempotent(key: string): { readonly seq: number; readonly op: string } | undefined {
    return this.#keys.get(key);
  }

  /** Positions of up to `limit` events of a stream from `fromRev` on, none after `last`. */
  positions(stream: string, fromRev: number, last: number, limit: number): readonly number[] {
    const positions = this.#streams.get(stream)?.slice(fromRev, fromRev + limit) ?? [];
    while ((positions.at(-1) ?? -1) > last) positions.pop();
    return positions;
  }
}
