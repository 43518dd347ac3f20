import type { ShiplogEvent } from '@shiplog/contracts';
import { BODY, checkFrame, FrameError, sealFrame } from './frame.ts';
import { extendLink, LINK_BYTES } from './hash-link.ts';

/*
 * A segment is one value of the database:
 *
 *   0   version        1 byte
 *   1   CRC-32         4 bytes, over all other bytes
 *   5   count          4 bytes
 *   9   first seq      6 bytes
 *   15  link before    32 bytes
 *   47  lengths        4 bytes for each event
 *   …   entries        a JSON array: '[', canonical bytes of each event with ',' between, ']'
 *
 * Numbers are big-endian. The entries are one JSON array so that a reader parses 32 events in one call.
 */
const COUNT = BODY;
const FIRST = 9;
const PREVIOUS = 15;
const LENGTHS = PREVIOUS + LINK_BYTES;
const COMMA = 0x2c;
const OPEN = 0x5b;
const CLOSE = 0x5d;

/** Packs the canonical texts of events `first…` behind the link before them. Returns the value and the link after them. */
export function encodeSegment(
  first: number,
  previous: Buffer,
  texts: readonly string[],
): { readonly bytes: Buffer; readonly link: Buffer } {
  const start = LENGTHS + texts.length * 4;
  let size = start + texts.length + 1;
  for (const text of texts) size += Buffer.byteLength(text);
  const bytes = Buffer.allocUnsafeSlow(size);
  bytes.writeUInt32BE(texts.length, COUNT);
  bytes.writeUIntBE(first, FIRST, 6);
  previous.copy(bytes, PREVIOUS);
  let link = previous;
  let at = start;
  for (const [index, text] of texts.entries()) {
    bytes[at++] = index === 0 ? OPEN : COMMA;
    const length = bytes.write(text, at);
    bytes.writeUInt32BE(length, LENGTHS + index * 4);
    link = extendLink(link, bytes, at, at + length);
    at += length;
  }
  bytes[at] = CLOSE;
  sealFrame(bytes);
  return { bytes, link };
}

/** A segment whose checksum and layout are known to be good. Its events are parsed when asked for. */
export class Segment {
  /** Position of the first event. */
  readonly first: number;
  readonly count: number;
  readonly #bytes: Buffer;

  /** Throws FrameError when the bytes are damaged or of a later version. */
  constructor(bytes: Buffer) {
    checkFrame(bytes, LENGTHS);
    this.#bytes = bytes;
    this.first = bytes.readUIntBE(FIRST, 6);
    this.count = bytes.readUInt32BE(COUNT);
    let size = LENGTHS + this.count * 4;
    if (this.count === 0 || size > bytes.length) throw new FrameError(`an impossible count of ${this.count} events`);
    for (let at = LENGTHS, end = size; at < end; at += 4) size += 1 + bytes.readUInt32BE(at);
    if (size + 1 !== bytes.length) throw new FrameError('entry lengths do not add up');
  }

  /** Position of the last event. */
  get last(): number {
    return this.first + this.count - 1;
  }

  /** Link before the first event, as stored. */
  get previous(): Buffer {
    return this.#bytes.subarray(PREVIOUS, LENGTHS);
  }

  /** All events. Throws FrameError if one does not stand where it says. */
  events(): ShiplogEvent[] {
    const events = this.#parse<ShiplogEvent[]>(LENGTHS + this.count * 4, this.#bytes.length);
    if (!Array.isArray(events) || events.length !== this.count) throw new FrameError('entries are not as many as counted');
    for (let index = 0; index < events.length; index++) {
      if (events[index]?.seq !== this.first + index) throw new FrameError(`event ${this.first + index} says it is another`);
    }
    return events;
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

  /** The link after the event at `seq`, or after the last one, computed from {@link previous} and the stored bytes. */
  link(seq = this.last): Buffer {
    let link = this.previous;
    this.#walk((index, from, to) => {
      if (this.first + index <= seq) link = extendLink(link, this.#bytes, from, to);
    });
    return link;
  }

  #walk(visit: (index: number, from: number, to: number) => void): void {
    let at = LENGTHS + this.count * 4;
    for (let index = 0; index < this.count; index++) {
      const from = at + 1;
      at = from + this.#bytes.readUInt32BE(LENGTHS + index * 4);
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
