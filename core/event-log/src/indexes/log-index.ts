import type { ShiplogEvent } from '@shiplog/contracts';
import { GrowingArray } from './growing-array.ts';
import { KeyTable } from './key-table.ts';
import { TimeIndex } from './time-index.ts';
import { TypeIndex } from './type-index.ts';

/** A stream's end. */
export interface StreamEnd {
  readonly name: string;
  /** How many streams began before it. */
  readonly id: number;
  /** Events so far. */
  count: number;
  /** Position of the last one; -1 for none. */
  last: number;
}

/** The last event with a tag. */
export interface TagEnd {
  readonly name: string;
  /** How many tags came up before it. */
  readonly id: number;
  last: number;
}

/** Positions between two counts of the streams that began before. */
const COUNTED = 4096;

/** What grew since a position. */
export interface Grown {
  readonly streams: StreamEnd[];
  readonly tags: TagEnd[];
}

/**
 * What the log knows of its events without reading them: each stream's end, for each event the one before it in its stream,
 * its type and roughly its time; the last position of each tag, the first position of each idempotency key. It covers admitted
 * events, durable or not; readers cut it at the last durable one.
 *
 * In memory: six bytes an event, about 200 for each stream, 130 for each tag, 105 for each idempotency key, names included.
 */
export class LogIndex {
  readonly types = new TypeIndex();
  readonly times = new TimeIndex();
  /** All streams and tags, by id. */
  readonly streams: StreamEnd[] = [];
  readonly tags: TagEnd[] = [];
  readonly keys = new KeyTable();
  /** One more than the position of the event before in the same stream; 0 for none. */
  readonly before = new GrowingArray(Uint32Array);
  readonly #streams = new Map<string, StreamEnd>();
  readonly #tags = new Map<string, TagEnd>();
  /** How many streams began before each multiple of {@link COUNTED}, as far as somebody asked. */
  readonly #begun: number[] = [0];
  #since = 0;
  #grown: Grown = { streams: [], tags: [] };

  /** Events so far. */
  get size(): number {
    return this.before.length;
  }

  /** Takes in the next event. Events come in order of `seq`, and of `rev` within their stream. */
  add({ stream, seq, type, t, tags, idem, op }: ShiplogEvent): void {
    const end = this.#streams.get(stream) ?? this.addStream(stream);
    if (end.last < this.#since) this.#grown.streams.push(end);
    this.before.push(end.last + 1);
    end.last = seq;
    end.count++;
    this.types.add(type);
    this.times.add(t);
    if (tags !== undefined) for (const tag of tags) this.#tagged(tag, seq);
    if (idem !== undefined) this.keys.add(idem, seq, op);
  }

  /** Takes what grew since it was taken last, or began: the events that come from now on grow the next. */
  takeGrown(): Grown {
    const grown = this.#grown;
    this.#grown = { streams: [], tags: [] };
    this.#since = this.size;
    return grown;
  }

  /** A stream that was not there, without events. */
  addStream(name: string): StreamEnd {
    const end = { name, id: this.streams.length, count: 0, last: -1 };
    this.streams.push(end);
    this.#streams.set(name, end);
    return end;
  }

  /** A tag's end; a new one if no event had it. */
  tag(name: string): TagEnd {
    let end = this.#tags.get(name);
    if (end === undefined) {
      end = { name, id: this.tags.length, last: -1 };
      this.tags.push(end);
      this.#tags.set(name, end);
    }
    return end;
  }

  #begunBefore(seq: number): number {
    const block = Math.floor(seq / COUNTED);
    for (let known = this.#begun.length; known <= block; known++)
      this.#begun.push((this.#begun[known - 1] ?? 0) + this.#begins((known - 1) * COUNTED, known * COUNTED));
    return (this.#begun[block] ?? 0) + this.#begins(block * COUNTED, seq);
  }

  /** How many events from `from` to before `end` have none before them in their stream. */
  #begins(from: number, end: number): number {
    let count = 0;
    for (let seq = from; seq < end; seq++) if (this.before.at(seq) === 0) count++;
    return count;
  }

  #tagged(name: string, seq: number): void {
    const end = this.tag(name);
    if (end.last < this.#since) this.#grown.tags.push(end);
    end.last = seq;
  }

  /** Revision of a stream's last event; -1 for none. */
  revision(stream: string): number {
    return (this.#streams.get(stream)?.count ?? 0) - 1;
  }

  /** Position of the last event with this tag; -1 for none. */
  lastTagged(tag: string): number {
    return this.#tags.get(tag)?.last ?? -1;
  }

  /** Names of streams whose first event is at a position from `from` to `to`, in order. */
  streamsBegun(from: number, to: number): readonly string[] {
    const end = Math.min(to + 1, this.size);
    const first = this.#begunBefore(Math.min(from, end));
    return this.streams.slice(first, first + this.#begins(Math.min(from, end), end)).map(({ name }) => name);
  }

  /** Positions of a stream's events from `fromRev` on, ascending, none after `last`. Costs a step for each of them. */
  positions(stream: string, fromRev: number, last: number): Uint32Array {
    const end = this.#streams.get(stream);
    const positions = new Uint32Array(Math.max(0, (end?.count ?? 0) - fromRev));
    let seq = end?.last ?? -1;
    for (let at = positions.length - 1; at >= 0; at--) {
      positions[at] = seq;
      seq = this.before.at(seq) - 1;
    }
    let length = positions.length;
    while (length > 0 && (positions[length - 1] ?? 0) > last) length--;
    return positions.subarray(0, length);
  }

  /** Positions of a stream's events from position `from` to `last`, ascending. Costs a step for each of its events from `from` on. */
  positionsBetween(stream: string, from: number, last: number): readonly number[] {
    const positions: number[] = [];
    for (let seq = this.#streams.get(stream)?.last ?? -1; seq >= from; seq = this.before.at(seq) - 1) if (seq <= last) positions.push(seq);
    return positions.toReversed();
  }
}
