import { type CompleteTile, entryHash, type Hash, HASH_BYTES, hashBytes, hashOf, type TreeEdge } from '@shiplog/tlog';
import type { ShiplogEvent } from '@shiplog/contracts';
import { BODY, checkFrame, type FormatVersion, FrameError, sealFrame } from './frame.ts';
import { extendLink } from './hash-link.ts';

/*
 * A segment is one value of the database:
 *
 *   0   version        1 byte
 *   1   CRC-32         4 bytes, over all other bytes
 *   5   count          4 bytes
 *   9   first seq      6 bytes
 *   15  past           32 bytes
 *   47  entries        a JSON array: '[', canonical bytes of each event with ',' between, ']'
 *   …   lengths        4 bytes for each event
 *
 * Numbers are big-endian. `past` is the root of the tree of all events before. The entries are one JSON array so that a
 * reader parses 32 events in one call; the lengths come last so that a writer need not know the count when it begins.
 * In format 1, `past` is the hash link before the first event, and the lengths stand before the entries.
 */
const COUNT = BODY;
const FIRST = 9;
const PAST = 15;
const BEGIN = PAST + HASH_BYTES;
const COMMA = 0x2c;
const OPEN = 0x5b;
const CLOSE = 0x5d;

/** Events a segment holds at most. 32 is where packing stops paying: a reader parses them in one call. */
export const MAX_EVENTS = 32;
/** Bytes after which a segment is closed early, so that large events do not make huge values. */
const MAX_BYTES = 256 * 1024;
/** Segments are cut from one allocation of this size while they fit. */
const CHUNK = 128 * 1024;
/** A UTF-16 code unit takes up to three bytes in UTF-8. */
const WIDEST = 3;

/** Writes events into segments, one after the other, as they come. */
export class SegmentWriter {
  #chunk: Buffer = Buffer.alloc(0);
  /** Where the open segment begins and ends in the chunk. */
  #from = 0;
  #to = 0;
  #lengths: number[] = [];

  /** Whether the open segment takes no more events. */
  get full(): boolean {
    return this.#lengths.length === MAX_EVENTS || this.#to - this.#from > MAX_BYTES;
  }

  /** Events in the open segment. */
  get count(): number {
    return this.#lengths.length;
  }

  /** Adds an event's canonical text to the open segment. */
  add(text: string): void {
    this.#reserve(1 + text.length * WIDEST + (this.#lengths.length + 1) * 4 + 1);
    if (this.#lengths.length === 0) this.#to = this.#from + BEGIN;
    this.#chunk[this.#to] = this.#lengths.length === 0 ? OPEN : COMMA;
    const length = this.#chunk.write(text, this.#to + 1);
    this.#lengths.push(length);
    this.#to += 1 + length;
  }

  /** Ends the open segment, which has events: the first of them is `first`. */
  end(first: number): WrittenSegment {
    const chunk = this.#chunk;
    const lengths = this.#lengths;
    chunk[this.#to++] = CLOSE;
    for (const length of lengths) this.#to = chunk.writeUInt32BE(length, this.#to);
    const bytes = chunk.subarray(this.#from, this.#to);
    bytes.writeUInt32BE(lengths.length, COUNT);
    bytes.writeUIntBE(first, FIRST, 6);
    this.#from = this.#to;
    this.#lengths = [];
    return new WrittenSegment(first, bytes, lengths);
  }

  /** Makes room behind the open segment, moving it to another chunk if need be. */
  #reserve(bytes: number): void {
    const open = this.#lengths.length === 0 ? BEGIN : this.#to - this.#from;
    if (this.#from + open + bytes <= this.#chunk.length) return;
    const chunk = Buffer.allocUnsafeSlow(Math.max(CHUNK, (open + bytes) * 2));
    this.#chunk.copy(chunk, 0, this.#from, this.#to);
    this.#to -= this.#from;
    this.#from = 0;
    this.#chunk = chunk;
  }
}

/** A segment whose events are all there, and which is complete with its past. */
export class WrittenSegment {
  readonly first: number;
  readonly bytes: Buffer;
  readonly #lengths: readonly number[];

  constructor(first: number, bytes: Buffer, lengths: readonly number[]) {
    this.first = first;
    this.bytes = bytes;
    this.#lengths = lengths;
  }

  get count(): number {
    return this.#lengths.length;
  }

  /** Completes it: its past is the tree as it is. Its leaves then grow the tree. */
  seal(edge: TreeEdge, completed: (tile: CompleteTile) => void): void {
    const { bytes } = this;
    bytes.write(edge.root(), PAST, 'latin1');
    sealFrame(bytes);
    let at = BEGIN;
    for (const length of this.#lengths) {
      edge.append(entryHash(bytes, at + 1, at + 1 + length), completed);
      at += 1 + length;
    }
  }
}

/** Position of the first event of a segment, nothing else checked. Throws FrameError if it is too short to have one. */
export function firstOf(bytes: Buffer): number {
  if (bytes.length < PAST) throw new FrameError(`cut to ${bytes.length} bytes`);
  return bytes.readUIntBE(FIRST, 6);
}

/** A segment whose checksum and layout are known to be good. Its events are parsed when asked for. */
export class Segment {
  /** Position of the first event. */
  readonly first: number;
  readonly count: number;
  readonly format: FormatVersion;
  readonly #bytes: Buffer;
  readonly #entries: number;
  readonly #lengths: number;
  #events: readonly ShiplogEvent[] | undefined;

  /** Throws FrameError when the bytes are damaged or of a later version. */
  constructor(bytes: Buffer) {
    this.format = checkFrame(bytes, BEGIN);
    this.#bytes = bytes;
    this.first = bytes.readUIntBE(FIRST, 6);
    this.count = bytes.readUInt32BE(COUNT);
    const table = this.count * 4;
    if (this.count === 0 || BEGIN + table > bytes.length) throw new FrameError(`an impossible count of ${this.count} events`);
    this.#entries = this.format === 1 ? BEGIN + table : BEGIN;
    this.#lengths = this.format === 1 ? BEGIN : bytes.length - table;
    let size = BEGIN + table + 1;
    for (let index = 0; index < this.count; index++) size += 1 + this.#length(index);
    if (size !== bytes.length) throw new FrameError('entry lengths do not add up');
  }

  /** Position of the last event. */
  get last(): number {
    return this.first + this.count - 1;
  }

  /** What stands for all events before the first: the tree's root, or in format 1 the hash link. */
  get past(): Hash {
    return hashOf(this.#bytes, PAST);
  }

  /** All events. Throws FrameError if one does not stand where it says. */
  events(): readonly ShiplogEvent[] {
    if (this.#events !== undefined) return this.#events;
    const events = this.#parse<readonly ShiplogEvent[]>(this.#entries, this.#bytes.length - (this.format === 1 ? 0 : this.count * 4));
    if (!Array.isArray(events) || events.length !== this.count) throw new FrameError('entries are not as many as counted');
    for (let index = 0; index < events.length; index++) {
      if (events[index]?.seq !== this.first + index) throw new FrameError(`event ${this.first + index} says it is another`);
    }
    return events;
  }

  /** As {@link events}, and keeps them for who asks next. */
  sharedEvents(): readonly ShiplogEvent[] {
    return (this.#events ??= this.events());
  }

  /** The events at some positions of this segment, ascending; the others are not parsed. */
  eventsAt(positions: readonly number[]): ShiplogEvent[] {
    const events: ShiplogEvent[] = [];
    let wanted = 0;
    this.#walk((index, from, to) => {
      if (positions[wanted] !== this.first + index) return;
      const event = this.#parse<ShiplogEvent>(from, to);
      if (event.seq !== this.first + index) throw new FrameError(`event ${this.first + index} says it is another`);
      events.push(event);
      wanted++;
    });
    return events;
  }

  /** The canonical bytes of each event, in order: views of the stored ones. */
  leaves(): readonly Buffer[] {
    const leaves: Buffer[] = [];
    this.#walk((_index, from, to) => leaves.push(this.#bytes.subarray(from, to)));
    return leaves;
  }

  /** The leaf hash of each event, in order. */
  leafHashes(): readonly Hash[] {
    const hashes: Hash[] = [];
    this.#walk((_index, from, to) => hashes.push(entryHash(this.#bytes, from, to)));
    return hashes;
  }

  /** In format 1: the link after the last event, computed from {@link past} and the stored bytes. */
  link(): Hash {
    let link = hashBytes(this.past);
    this.#walk((_index, from, to) => {
      link = extendLink(link, this.#bytes, from, to);
    });
    return hashOf(link);
  }

  #length(index: number): number {
    return this.#bytes.readUInt32BE(this.#lengths + index * 4);
  }

  #walk(visit: (index: number, from: number, to: number) => void): void {
    let at = this.#entries;
    for (let index = 0; index < this.count; index++) {
      const from = at + 1;
      at = from + this.#length(index);
      visit(index, from, at);
    }
  }

  #parse<T>(from: number, to: number): T {
    try {
      return JSON.parse(this.#bytes.toString('utf8', from, to)) as T;
    } catch (error) {
      throw new FrameError(`entries are not JSON: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
}
