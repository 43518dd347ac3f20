import { TreeEdge } from '@shiplog/tlog';
import type { ShiplogEvent } from '@shiplog/contracts';
import { GrowingArray } from './growing-array.ts';
import type { KeyOwner, LogIndex, StreamEnd } from './log-index.ts';
import type { SegmentTable } from './segment-table.ts';

/** Kind of the snapshots that pages are kept as; the number moves on when their form changes. */
export const PAGE_KIND = 'index-1';
/** Events a page covers, and a few more: it ends with a segment. Opening reads at most so many events again. */
export const PAGE_EVENTS = 16_384;

/** The part of a page that is text; what it names is as of the page's last event. */
interface PageText {
  /** Position of the first event. */
  readonly from: number;
  readonly events: number;
  readonly segments: number;
  readonly streams: readonly (readonly [name: string, count: number, last: number])[];
  readonly tags: readonly (readonly [tag: string, last: number])[];
  readonly keys: readonly (readonly [key: string, owner: KeyOwner])[];
  /** Types that are new since the page before, and the latest times from the page's first block on. */
  readonly types: readonly string[];
  readonly times: readonly number[];
}

/*
 * A page's bytes: length of the text (4 bytes, big-endian), the text (JSON), then little-endian, as typed arrays lie in memory here:
 * type of each event (2 bytes), event before in its stream (4), first position of each segment (4), and the tree's open tiles.
 */

/** Gathers what the indexes learn from some 16,000 events, so that opening reads it instead of the events. */
export class PageBuilder {
  readonly from: number;
  readonly #streams = new Set<StreamEnd>();
  readonly #tags = new Set<string>();
  readonly #keys: string[] = [];
  readonly #firsts = new GrowingArray(Uint32Array);
  readonly #typesBefore: number;
  #events = 0;

  /** A page of the events from `from` on, which `index` has not taken in yet. */
  constructor(from: number, index: LogIndex) {
    this.from = from;
    this.#typesBefore = index.types.names.length;
  }

  /** Whether the page should end with the segment that is open. */
  get full(): boolean {
    return this.#events >= PAGE_EVENTS;
  }

  /** Takes in the next event, whose stream now ends with it. */
  add(event: ShiplogEvent, end: StreamEnd): void {
    this.#events++;
    this.#streams.add(end);
    if (event.tags !== undefined) for (const tag of event.tags) this.#tags.add(tag);
    if (event.idem !== undefined) this.#keys.push(event.idem);
  }

  addSegment(first: number): void {
    this.#firsts.push(first);
  }

  /** The page's bytes. The indexes and the edge must end where the page does. */
  build(index: LogIndex, edge: TreeEdge): Buffer {
    const { from } = this;
    const keys = new Map<string, KeyOwner>();
    for (const key of this.#keys) {
      const owner = index.keys.get(key);
      if (owner !== undefined && owner.seq >= from) keys.set(key, owner);
    }
    const text: PageText = {
      from,
      events: this.#events,
      segments: this.#firsts.length,
      streams: Array.from(this.#streams, ({ name, count, last }) => [name, count, last] as const),
      tags: Array.from(this.#tags, (tag) => [tag, index.lastTagged(tag)] as const),
      keys: [...keys],
      types: index.types.names.slice(this.#typesBefore),
      times: index.times.since(from),
    };
    return encodePage(text, index, this.#firsts.values, edge);
  }
}

/** One page of all events that `index` knows, which ends at `edge`: it stands for them when they are gone, so it names no segments. */
export function wholePage(index: LogIndex, edge: TreeEdge): Buffer {
  const text: PageText = {
    from: 0,
    events: edge.size,
    segments: 0,
    streams: Array.from(index.streams.values(), ({ name, count, last }) => [name, count, last] as const),
    tags: [...index.tags],
    keys: [...index.keys],
    types: index.types.names,
    times: index.times.since(0),
  };
  return encodePage(text, index, new Uint32Array(), edge);
}

function encodePage(text: PageText, index: LogIndex, firsts: Uint32Array, edge: TreeEdge): Buffer {
  const json = Buffer.from(JSON.stringify(text));
  const length = Buffer.alloc(4);
  length.writeUInt32BE(json.length);
  const { from } = text;
  return Buffer.concat([
    length,
    json,
    bytesOf(index.types.ids.values.subarray(from)),
    bytesOf(index.before.values.subarray(from)),
    bytesOf(firsts),
    edge.encode(),
  ]);
}

/** Folds a page into indexes that end where it begins. Answers with the tree's edge at its end; undefined, with nothing taken in, if it does not fit. */
export function loadPage(bytes: Uint8Array, index: LogIndex, segments: SegmentTable): TreeEdge | undefined {
  const whole = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  let at = 4 + whole.readUInt32BE(0);
  const text = JSON.parse(whole.toString('utf8', 4, at)) as PageText;
  const { from, events } = text;
  if (from !== index.before.length) return undefined;
  // Copied, since typed arrays begin at multiples of their width.
  const next = (length: number): ArrayBuffer => Uint8Array.from(whole.subarray(at, (at += length))).buffer;
  const types = new Uint16Array(next(events * 2));
  const before = new Uint32Array(next(events * 4));
  const firsts = new Uint32Array(next(text.segments * 4));
  const edge = TreeEdge.decode(from + events, whole.subarray(at));
  if (edge === undefined) return undefined;
  index.types.load(text.types, types);
  index.before.pushAll(before);
  index.times.load(from, events, text.times);
  for (const [name, count, last] of text.streams) {
    const end = index.streams.get(name);
    if (end === undefined) index.streams.set(name, { name, count, last });
    else Object.assign(end, { count, last });
  }
  for (const [tag, last] of text.tags) index.tags.set(tag, last);
  for (const [key, owner] of text.keys) index.keys.set(key, owner);
  segments.firsts.pushAll(firsts);
  return edge;
}

function bytesOf(values: Uint16Array | Uint32Array): Buffer {
  return Buffer.from(values.buffer, values.byteOffset, values.byteLength);
}
