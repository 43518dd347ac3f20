import { TreeEdge } from '@shiplog/tlog';
import { GrowingArray } from './growing-array.ts';
import type { KeyColumns } from './key-table.ts';
import type { LogIndex, StreamEnd, TagEnd } from './log-index.ts';
import type { SegmentTable } from './segment-table.ts';

/** Kind of the snapshots that pages are kept as; the number moves on when their form changes. */
export const PAGE_KIND = 'index-2';
/** Events a page covers, and a few more: it ends with a segment. Opening reads at most so many events again. */
export const PAGE_EVENTS = 16_384;

/** The part of a page that is text. */
interface PageText {
  /** Position of the first event. */
  readonly from: number;
  readonly events: number;
  readonly segments: number;
  /** How many streams and tags the page grew, and how many there were before. */
  readonly grown: { readonly streams: number; readonly tags: number };
  readonly before: { readonly streams: number; readonly tags: number };
  /** Names of streams, tags and types that are new since the page before. */
  readonly streams: readonly string[];
  readonly tags: readonly string[];
  readonly types: readonly string[];
  /** Idempotency keys that are new, and the operation that each belongs to. */
  readonly keys: readonly string[];
  readonly ops: readonly string[];
  /** The latest times from the page's first block on. */
  readonly times: readonly number[];
}

/*
 * A page's bytes: length of the text (4 bytes, big-endian), the text (JSON), then little-endian, as typed arrays lie in memory here:
 * type of each event (2 bytes), then in 4 bytes each: event before in its stream, first position of each segment, id, count and last position of each
 * stream that grew, id and last position of each such tag, position of each new key; and the tree's open tiles. Names that many pages share
 * stand in the first one only: opening reads them all.
 */

/** Gathers what the indexes learn from some 16,000 events, so that opening reads it instead of the events. */
export class PageBuilder {
  readonly from: number;
  readonly #index: LogIndex;
  readonly #firsts = new GrowingArray(Uint32Array);
  readonly #before: Before;

  /** A page of the events that `index` takes in from now on. */
  constructor(index: LogIndex) {
    this.from = index.size;
    this.#index = index;
    this.#before = { streams: index.streams.length, tags: index.tags.length, types: index.types.names.length, keys: index.keys.size };
    index.takeGrown();
  }

  /** Whether the page should end with the segment that is open. */
  get full(): boolean {
    return this.#index.size - this.from >= PAGE_EVENTS;
  }

  addSegment(first: number): void {
    this.#firsts.push(first);
  }

  /** The page's bytes. The indexes and the edge must end where the page does. */
  build(edge: TreeEdge): Buffer {
    const { from } = this;
    const index = this.#index;
    const before = this.#before;
    const keys = index.keys.since(before.keys);
    return encodePage({ ...index.takeGrown(), from, before, keys, firsts: this.#firsts.values }, index, edge);
  }
}

/** One page of all events that `index` knows, which ends at `edge`: it stands for them when they are gone, so it names no segments. */
export function wholePage(index: LogIndex, edge: TreeEdge): Buffer {
  const { streams, tags, keys } = index;
  const before = { streams: 0, tags: 0, types: 0, keys: 0 };
  return encodePage({ from: 0, before, streams, tags, keys: keys.since(0), firsts: new Uint32Array() }, index, edge);
}

/** How many of each there were before a page. */
interface Before {
  readonly streams: number;
  readonly tags: number;
  readonly types: number;
  readonly keys: number;
}

/** What a page is of. */
interface Part {
  readonly from: number;
  readonly before: Before;
  /** Those that grew. */
  readonly streams: readonly StreamEnd[];
  readonly tags: readonly TagEnd[];
  /** Those that are new. */
  readonly keys: KeyColumns;
  readonly firsts: Uint32Array;
}

function encodePage({ from, before, streams, tags, keys, firsts }: Part, index: LogIndex, edge: TreeEdge): Buffer {
  const text: PageText = {
    from,
    events: edge.size - from,
    segments: firsts.length,
    grown: { streams: streams.length, tags: tags.length },
    before: { streams: before.streams, tags: before.tags },
    streams: index.streams.slice(before.streams).map(({ name }) => name),
    tags: index.tags.slice(before.tags).map(({ name }) => name),
    types: index.types.names.slice(before.types),
    keys: keys.keys,
    ops: keys.ops,
    times: index.times.since(from),
  };
  const json = Buffer.from(JSON.stringify(text));
  const length = Buffer.alloc(4);
  length.writeUInt32BE(json.length);
  return Buffer.concat([
    length,
    json,
    bytesOf(index.types.ids.values.subarray(from)),
    bytesOf(index.before.values.subarray(from)),
    bytesOf(firsts),
    bytesOf(Uint32Array.from(streams, ({ id }) => id)),
    bytesOf(Uint32Array.from(streams, ({ count }) => count)),
    bytesOf(Uint32Array.from(streams, ({ last }) => last)),
    bytesOf(Uint32Array.from(tags, ({ id }) => id)),
    bytesOf(Uint32Array.from(tags, ({ last }) => last)),
    bytesOf(keys.seqs),
    edge.encode(),
  ]);
}

/** Folds a page into indexes that end where it begins. Answers with the tree's edge at its end; undefined, with nothing taken in, if it does not fit. */
export function loadPage(bytes: Uint8Array, index: LogIndex, segments: SegmentTable): TreeEdge | undefined {
  const whole = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  let at = 4 + whole.readUInt32BE(0);
  const text = JSON.parse(whole.toString('utf8', 4, at)) as PageText;
  const { from, events, grown, before } = text;
  if (from !== index.size || before.streams !== index.streams.length || before.tags !== index.tags.length) return undefined;
  // Copied, since typed arrays begin at multiples of their width.
  const next = (length: number): ArrayBuffer => Uint8Array.from(whole.subarray(at, (at += length))).buffer;
  const numbers = (count: number): Uint32Array => new Uint32Array(next(count * 4));
  const types = new Uint16Array(next(events * 2));
  const [befores, firsts] = [numbers(events), numbers(text.segments)] as const;
  const [streams, counts, lasts] = [numbers(grown.streams), numbers(grown.streams), numbers(grown.streams)] as const;
  const [tags, lastTagged] = [numbers(grown.tags), numbers(grown.tags)] as const;
  const keySeqs = numbers(text.keys.length);
  const edge = TreeEdge.decode(from + events, whole.subarray(at));
  if (edge === undefined) return undefined;
  index.types.load(text.types, types);
  index.before.pushAll(befores);
  index.times.load(from, events, text.times);
  for (const name of text.streams) index.addStream(name);
  for (let each = 0; each < streams.length; each++) {
    const end = index.streams[streams[each] as number] as StreamEnd;
    end.count = counts[each] as number;
    end.last = lasts[each] as number;
  }
  for (const name of text.tags) index.tag(name);
  for (let each = 0; each < tags.length; each++) (index.tags[tags[each] as number] as TagEnd).last = lastTagged[each] as number;
  for (let each = 0; each < text.keys.length; each++) {
    index.keys.add(text.keys[each] as string, keySeqs[each] as number, text.ops[each] as string);
  }
  segments.firsts.pushAll(firsts);
  return edge;
}

function bytesOf(values: Uint16Array | Uint32Array): Buffer {
  return Buffer.from(values.buffer, values.byteOffset, values.byteLength);
}
