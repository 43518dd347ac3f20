import type { ShiplogEvent } from '@shiplog/contracts';
import { type CompleteTile, EMPTY_ROOT, type Frontier, type Hash } from '@shiplog/tlog';
import { ENCODING, HEAD_KEY, type LogDatabase, type Operation, segmentKey, SYNCED, tileKey } from '../stored/database.ts';
import { BODY, sealFrame } from '../stored/frame.ts';
import type { Batch } from './group-commit.ts';
import { encodeHead } from '../stored/head.ts';
import type { SegmentWriter, WrittenSegment } from '../stored/segment.ts';
import type { CompletePage, Tail } from './tail.ts';

/** What a commit made durable. */
export interface Committed {
  /** Position of the last event, and the root over all. */
  readonly seq: number;
  readonly root: Hash;
  /** Segments, in order, and how many events each has. */
  readonly segments: readonly { readonly bytes: Buffer; readonly count: number }[];
  /** Keys of tiles. */
  readonly tiles: readonly string[];
  readonly pages: readonly CompletePage[];
}

/** What commits share: the log's end, and who is told of what became durable. */
export interface CommitTarget {
  /** Where commits go, nothing between: each layer of abstract-level checks and copies what passes it. */
  readonly disk: LogDatabase;
  readonly tail: Tail;
  readonly writer: SegmentWriter;
  /** Tiles that are complete and perhaps not durable yet, by key. */
  readonly tiles: Map<string, Buffer>;
  readonly committed: (what: Committed) => void;
}

/** One write, in its array form: for so few puts it costs half of the chained form. */
const OPTIONS = { ...ENCODING, ...SYNCED };

/**
 * Events on their way to the disk in one atomic, synced write: their segments, the tiles they complete, and the mark of the new
 * end with the tree's frontier. All is encoded as it comes, and hashed when it closes.
 */
export class Commit implements Batch {
  count = 0;
  readonly #target: CommitTarget;
  readonly #operations: Operation[] = [];
  readonly #segments: WrittenSegment[] = [];
  readonly #tiles: string[] = [];
  readonly #pages: CompletePage[] = [];
  /** Segments that are sealed already, from the first on. */
  #sealed = 0;
  #first = 0;
  #closed = false;
  #seq = -1;
  #frontier: Frontier | undefined;
  #root: Hash = EMPTY_ROOT;

  constructor(target: CommitTarget) {
    this.#target = target;
  }

  /** Adds the next event, whose place is given. */
  add(event: ShiplogEvent, text: string): void {
    const { tail, writer } = this.#target;
    if (writer.full) this.#segments.push(writer.end(this.#first));
    if (writer.count === 0) {
      this.#first = tail.size;
      tail.addSegment(this.#first);
    }
    writer.add(text);
    tail.index.add(event);
    this.count++;
    if (!tail.pageDue) return;
    this.#seal();
    this.#pages.push(tail.endPage());
  }

  /** Adds what else is to be written with the events: appended ones are not concerned. */
  include(operations: readonly Operation[]): void {
    this.#operations.push(...operations);
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    const { tail } = this.#target;
    this.#seal();
    this.#seq = tail.size - 1;
    this.#frontier = tail.edge.frontier();
    this.#put(HEAD_KEY, encodeHead(this.#seq, this.#frontier.encode()));
  }

  async write(): Promise<void> {
    this.close();
    const written = this.#target.disk.batch<string, Buffer>(this.#operations, OPTIONS);
    // While the disk works: the next commit begins with it.
    this.#root = this.#frontier?.root() ?? EMPTY_ROOT;
    await written;
  }

  written(): void {
    const { committed } = this.#target;
    committed({ seq: this.#seq, root: this.#root, segments: this.#segments, tiles: this.#tiles, pages: this.#pages });
  }

  readonly #complete = (tile: CompleteTile): void => {
    const key = tileKey(tile.level, tile.index);
    const value = encodeTile(tile.bytes);
    this.#target.tiles.set(key, value);
    this.#tiles.push(key);
    this.#put(key, value);
  };

  /** Ends the open segment, and seals all that are not. */
  #seal(): void {
    const { tail, writer } = this.#target;
    if (writer.count > 0) this.#segments.push(writer.end(this.#first));
    for (const segment of this.#segments.slice(this.#sealed)) {
      segment.seal(tail.edge, this.#complete);
      this.#put(segmentKey(segment.first), segment.bytes);
    }
    this.#sealed = this.#segments.length;
  }

  #put(key: string, value: Buffer): void {
    this.#operations.push({ type: 'put', key, value });
  }
}

/** A stored tile: version, CRC-32, hashes. */
export function encodeTile(hashes: Buffer): Buffer {
  const value = Buffer.allocUnsafeSlow(BODY + hashes.length);
  value.set(hashes, BODY);
  sealFrame(value);
  return value;
}
