import { isDeepStrictEqual } from 'node:util';
import { type Bounded, type Damage, ShiplogError, type Verification } from '@shiplog/contracts';
import { type CompleteTile, type Hash, HASH_BYTES, hashBytes, hashOf, TILE_WIDTH, TreeEdge, widthOf } from '@shiplog/tlog';
import { type Base, boundedBy, readBase } from '../archive/base.ts';
import { NOT_AS_RECORDED } from '../archive/boundary.ts';
import { ENCODING, HEAD_KEY, type LogDatabase, segmentPosition, tileKey } from '../stored/database.ts';
import { decodeHead, EMPTY } from '../stored/head.ts';
import { GENESIS } from '../stored/hash-link.ts';
import { decodeTile } from '../log-tree.ts';
import type { Mark } from '../stored/mark.ts';
import { type RawEntry, RawScan } from '../stored/raw-scan.ts';
import { Segment } from '../stored/segment.ts';

export interface CheckOptions {
  /** A mark kept outside of the database; events up to it must be there. */
  readonly witness?: Mark | undefined;
  /** Last position to check; the head mark's if absent. */
  readonly last?: number;
  /** Position up to which all was checked before, and the tree's edge there: the check begins behind it. */
  readonly after?: TreeEdge | undefined;
  /** Told how many events are checked so far. */
  readonly progress?: ((checked: number) => void) | undefined;
}

/**
 * Reads the stored bytes of a log and reports what cannot be trusted, by range; it does not stop at the first finding and
 * trusts nothing that the log remembers. Works on a log that refuses to open. `head` is the root of the tree over what was read; a
 * hole is bridged by the leaf hashes that its tiles keep, if they do, so that what comes after it is still bound to it.
 */
export async function verifyEventLog(db: LogDatabase, options: CheckOptions = {}): Promise<Verification> {
  return (await checkEventLog(db, options)).verification;
}

/** As {@link verifyEventLog}, and answers with the tree's edge at the end, if a hole did not break it. */
export async function checkEventLog(
  db: LogDatabase,
  options: CheckOptions,
): Promise<{ readonly verification: Verification; readonly edge: TreeEdge | undefined }> {
  const check = new Check(db, options);
  const head = await check.head();
  const end = options.last ?? Math.max(head?.seq ?? -1, options.witness?.seq ?? -1);
  const upTo = options.last === undefined ? {} : { last: options.last };
  const scan = new RawScan(db, { first: options.after?.size ?? 0, ahead: true, chunk: 128, ...upTo });
  try {
    let entries = await check.fetch(scan, end);
    while (entries.length > 0) {
      const following = await check.fetch(scan, end);
      for (const [index, entry] of entries.entries()) await check.entry(entry, entries[index + 1] ?? following[0], end);
      await check.tiles();
      entries = following;
    }
  } finally {
    await scan.close();
  }
  await check.end(end, head);
  await check.boundary();
  return { verification: check.result(head), edge: check.edge };
}

class Check {
  readonly #db: LogDatabase;
  readonly #damage: Damage[] = [];
  readonly #progress: ((checked: number) => void) | undefined;
  readonly #revisions = new Map<string, number>();
  readonly #witness: Mark | undefined;
  /** Whether a stream that was not seen yet begins at revision 0: from the beginning of the log to the first hole. */
  #whole: boolean;
  /** Whether events are missing of those that were to be checked. */
  #hasHoles = false;
  readonly #from: number;
  #events = 0;
  #expected: number;
  /** Undefined behind a hole that nothing bridges. */
  #edge: TreeEdge | undefined;
  /** The link after the last event, where all before are of format 1 and none is missing. */
  #link: Hash | undefined;
  #completed: CompleteTile[] = [];
  #last: { readonly first: number; readonly last: number } | undefined;
  #readError: string | undefined;
  /** What events told of boundaries, by the first position that is kept. */
  readonly #bounded = new Map<number, Bounded>();
  /** Parts of archives that could not be read and were not reached yet. */
  readonly #unread: Damage[] = [];

  constructor(db: LogDatabase, { after, progress, witness }: CheckOptions) {
    this.#db = db;
    this.#progress = progress;
    this.#witness = witness;
    this.#edge = after ?? new TreeEdge();
    this.#from = this.#edge.size;
    this.#expected = this.#from;
    this.#whole = after === undefined;
    this.#link = after === undefined ? hashOf(GENESIS) : undefined;
  }

  get edge(): TreeEdge | undefined {
    return this.#edge;
  }

  async head(): Promise<Mark | undefined> {
    try {
      const bytes = await this.#db.get<string, Buffer>(HEAD_KEY, ENCODING);
      if (bytes !== undefined) return decodeHead(bytes);
      const scan = new RawScan(this.#db, { first: 0, ahead: false, chunk: 1 });
      const found = await scan.next();
      await scan.close();
      if (found.length > 0) this.#report(0, 0, 'the mark of the last event is gone, so nothing tells where the log should end');
    } catch (error) {
      this.#report(0, 0, `the mark of the last event: ${reasonOf(error)}`);
    }
    return undefined;
  }

  async fetch(scan: RawScan, end: number): Promise<readonly RawEntry[]> {
    try {
      return await scan.next();
    } catch (error) {
      // A part of an archive cannot be read; what comes after it can.
      if (error instanceof ShiplogError && error.code === 'LOG_CORRUPT') {
        this.#unread.push(error.facts as unknown as Damage);
        return this.fetch(scan, end);
      }
      if (error instanceof ShiplogError && error.code === 'HOST_UNSUITABLE') throw error;
      // The database gives up here; what it did not hand over is reported as missing, with its own words.
      this.#readError = reasonOf(error);
      if (end < 0) this.#report(0, 0, this.#readError);
      return [];
    }
  }

  async entry([key, value]: RawEntry, following: RawEntry | undefined, end: number): Promise<void> {
    const first = segmentPosition(key);
    const next = following && segmentPosition(following[0]);
    if (first === undefined) return this.#report(this.#expected, this.#expected, `unknown key ${key}`);
    if (first > this.#expected) await this.#hole(this.#expected, first - 1, this.#reasonFor(this.#expected));
    else if (first < this.#expected) this.#report(first, this.#expected - 1, 'stored twice');
    try {
      this.#segment(new Segment(value), first);
    } catch (error) {
      await this.#hole(first, Math.max(first, (next ?? end + 1) - 1), reasonOf(error));
    }
  }

  /** Compares the tiles that became complete with those stored. */
  async tiles(): Promise<void> {
    const completed = this.#completed;
    this.#completed = [];
    for (const { level, index, bytes } of completed) {
      const stored = await this.#tile(level, index);
      if (stored !== undefined && typeof stored !== 'string' && stored.equals(bytes)) continue;
      const width = widthOf(level + 1);
      const reason = stored === undefined ? 'missing' : typeof stored === 'string' ? stored : 'it is of other events';
      this.#report(index * width, (index + 1) * width - 1, `tile ${index} of level ${level} of the tree: ${reason}`);
    }
  }

  async end(end: number, head: Mark | undefined): Promise<void> {
    if (this.#expected <= end) await this.#hole(this.#expected, end, this.#readError ?? this.#reasonFor(this.#expected));
    else if (this.#readError !== undefined && end >= 0)
      this.#report(end, end, `the database could not be read to its end: ${this.#readError}`);
    if (head === undefined || this.#last === undefined) return;
    if (this.#expected - 1 > head.seq)
      this.#report(head.seq + 1, this.#expected - 1, 'stored after the head mark, which every write moves along');
    else if (this.#expected - 1 === head.seq && this.#stands(head) === false)
      this.#report(this.#last.first, head.seq, 'the events do not lead to the head mark');
  }

  /** Compares what stands for pruned events with what the log says of it, where the check began with the first that are kept. */
  async boundary(): Promise<void> {
    let base: (Base & { readonly first: number }) | undefined;
    try {
      base = await readBase(this.#db);
    } catch (error) {
      return this.#report(0, Math.max(0, this.#from - 1), reasonOf(error));
    }
    if (base === undefined || base.first !== this.#from) return;
    const said = this.#bounded.get(base.first);
    // The record may be among the events that are missing. These are the damage, and what they say is compared once they are there.
    if (said === undefined && this.#hasHoles) return;
    if (!isDeepStrictEqual(said, boundedBy(base.first, base))) this.#report(0, base.first - 1, NOT_AS_RECORDED);
  }

  result(head: Mark | undefined): Verification {
    const root = this.#edge?.root() ?? head?.hash ?? EMPTY.hash;
    return { from: this.#from, events: this.#events, head: hashBytes(root).toString('hex'), damage: this.#damage };
  }

  #segment(segment: Segment, at: number): void {
    const events = segment.events();
    const { first, last } = segment;
    if (first !== at) throw new Error(`found events from ${first} on in its place`);
    const past = segment.format === 1 ? this.#link : this.#edge?.root();
    // Either side may be the one that was changed.
    if (past !== undefined && segment.past !== past)
      this.#report(this.#last?.first ?? first, last, 'it does not continue from the events before');
    this.#link = segment.format === 1 ? segment.link() : undefined;
    for (const leaf of segment.leafHashes()) this.#append(leaf);
    for (const event of events) {
      this.#revision(event);
      if (event.type === 'log.bounded') this.#bounded.set(event.data.first, event.data);
    }
    this.#events += segment.count;
    this.#expected = last + 1;
    this.#last = segment;
    const witness = this.#witness;
    if (witness !== undefined && witness.seq >= first && witness.seq <= last && (witness.seq !== last || this.#stands(witness) === false))
      this.#report(first, last, 'these are not the events that were acknowledged here');
    this.#progress?.(this.#events);
  }

  #reasonFor(seq: number): string {
    return this.#unread.find(({ from, to }) => from <= seq && seq <= to)?.reason ?? 'missing';
  }

  /** Whether a mark of the last event's position is one of these events; undefined if that cannot be told. */
  #stands({ format, hash }: Mark): boolean | undefined {
    const own = format === 1 ? this.#link : this.#edge?.root();
    return own === undefined ? undefined : own === hash;
  }

  #append(leaf: Hash): void {
    this.#edge?.append(leaf, (tile) => this.#completed.push(tile));
  }

  #revision(event: { readonly seq: number; readonly stream: string; readonly rev: number }): void {
    const known = this.#revisions.get(event.stream) ?? (this.#whole ? -1 : undefined);
    if (known !== undefined && event.rev !== known + 1) {
      this.#report(event.seq, event.seq, `revision ${event.rev} of ${event.stream} does not follow ${known}`);
    }
    this.#revisions.set(event.stream, event.rev);
  }

  async #hole(from: number, to: number, reason: string): Promise<void> {
    this.#report(from, to, reason);
    this.#expected = to + 1;
    this.#link = undefined;
    this.#whole = false;
    this.#hasHoles = true;
    this.#revisions.clear();
    await this.#bridge(from, to);
  }

  /** Goes on with the leaf hashes that tiles keep of events that are gone; without them, the tree ends here. */
  async #bridge(from: number, to: number): Promise<void> {
    let index = -1;
    let tile: Buffer | string | undefined;
    for (let seq = from; seq <= to && this.#edge !== undefined; seq++) {
      if (Math.floor(seq / TILE_WIDTH) !== index) {
        index = Math.floor(seq / TILE_WIDTH);
        tile = await this.#tile(0, index);
      }
      if (tile === undefined || typeof tile === 'string') this.#edge = undefined;
      else this.#append(hashOf(tile, (seq % TILE_WIDTH) * HASH_BYTES));
    }
  }

  /** A stored tile, or why it cannot be used; undefined if there is none. */
  async #tile(level: number, index: number): Promise<Buffer | string | undefined> {
    try {
      const value = await this.#db.get<string, Buffer>(tileKey(level, index), ENCODING);
      return value === undefined ? undefined : decodeTile(value);
    } catch (error) {
      return reasonOf(error);
    }
  }

  #report(from: number, to: number, reason: string): void {
    this.#damage.push({ from, to, reason });
  }
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
