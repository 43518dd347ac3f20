import type { Damage, Verification } from '@shiplog/contracts';
import { ENCODING, HEAD_KEY, type LogDatabase, segmentPosition } from './database.ts';
import { GENESIS } from './hash-link.ts';
import { decodeMark, type Mark } from './mark.ts';
import { type RawEntry, RawScan } from './raw-scan.ts';
import { Segment } from './segment.ts';

export interface VerifyOptions {
  /** A mark kept outside of the database; events up to it must be there. */
  readonly witness?: Mark | undefined;
  /** Last position to check; the head mark's if absent. */
  readonly last?: number;
  readonly progress?: ((checked: number) => void) | undefined;
}

/**
 * Reads every stored byte of a log and reports what cannot be trusted, by range; it does not stop at the first finding and
 * trusts nothing that the log remembers. Works on a log that refuses to open. `head` is the link over what was read; after
 * a hole the chain is taken up again from the link that the next segment stores.
 */
export async function verifyEventLog(db: LogDatabase, options: VerifyOptions = {}): Promise<Verification> {
  const check = new Check(options.progress);
  const head = await check.head(db);
  const end = options.last ?? Math.max(head?.seq ?? -1, options.witness?.seq ?? -1);
  const scan = new RawScan(db, { first: 0, ahead: true, chunk: 128, ...(options.last === undefined ? {} : { last: options.last }) });
  try {
    let entry = await check.fetch(scan, end);
    while (entry.length > 0) {
      const following = await check.fetch(scan, end);
      for (const [index, raw] of entry.entries()) check.entry(raw, entry[index + 1] ?? following[0], end);
      entry = following;
    }
  } finally {
    await scan.close();
  }
  check.end(end, head);
  return check.result();
}

class Check {
  readonly #damage: Damage[] = [];
  readonly #progress: ((checked: number) => void) | undefined;
  readonly #revisions = new Map<string, number>();
  /** Before any hole, a stream that was not seen yet begins at revision 0. */
  #whole = true;
  #events = 0;
  #expected = 0;
  /** Undefined after a hole: taken from the next segment. */
  #link: Buffer | undefined = GENESIS;
  #last: { readonly first: number; readonly last: number } | undefined;
  #readError: string | undefined;

  constructor(progress: ((checked: number) => void) | undefined) {
    this.#progress = progress;
  }

  async head(db: LogDatabase): Promise<Mark | undefined> {
    try {
      const bytes = await db.get<string, Buffer>(HEAD_KEY, ENCODING);
      if (bytes !== undefined) return decodeMark(bytes);
      const scan = new RawScan(db, { first: 0, ahead: false, chunk: 1 });
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
      // The database gives up here; what it did not hand over is reported as missing, with its own words.
      this.#readError = reasonOf(error);
      if (end < 0) this.#report(0, 0, this.#readError);
      return [];
    }
  }

  entry([key, value]: RawEntry, following: RawEntry | undefined, end: number): void {
    const first = segmentPosition(key);
    const next = following && segmentPosition(following[0]);
    if (first === undefined) return this.#report(this.#expected, this.#expected, `unknown key ${key}`);
    if (first > this.#expected) this.#hole(this.#expected, first - 1, 'missing');
    else if (first < this.#expected) this.#report(first, this.#expected - 1, 'stored twice');
    try {
      const segment = new Segment(value);
      const events = segment.events();
      if (segment.first !== first) throw new Error(`found events from ${segment.first} on in its place`);
      if (this.#link !== undefined && !segment.previous.equals(this.#link)) {
        // Either side may be the one that was changed.
        this.#report(this.#last?.first ?? first, segment.last, 'the hash link does not continue from the event before');
      }
      this.#link = segment.link();
      for (const event of events) this.#revision(event);
      this.#events += segment.count;
      this.#expected = segment.last + 1;
      this.#last = segment;
      this.#progress?.(this.#events);
    } catch (error) {
      this.#hole(first, Math.max(first, (next ?? end + 1) - 1), reasonOf(error));
    }
  }

  end(end: number, head: Mark | undefined): void {
    if (this.#expected <= end) return this.#hole(this.#expected, end, this.#readError ?? 'missing');
    if (this.#readError !== undefined && end >= 0) this.#report(end, end, `the database could not be read to its end: ${this.#readError}`);
    if (head === undefined || this.#last === undefined) return;
    if (this.#expected - 1 > head.seq)
      this.#report(head.seq + 1, this.#expected - 1, 'stored after the head mark, which every write moves along');
    else if (this.#expected - 1 === head.seq && this.#link !== undefined && !this.#link.equals(head.link)) {
      this.#report(this.#last.first, head.seq, 'the hash link does not lead to the head mark');
    }
  }

  result(): Verification {
    return { events: this.#events, head: (this.#link ?? GENESIS).toString('hex'), damage: this.#damage };
  }

  #revision(event: { readonly seq: number; readonly stream: string; readonly rev: number }): void {
    const known = this.#revisions.get(event.stream) ?? (this.#whole ? -1 : undefined);
    if (known !== undefined && event.rev !== known + 1) {
      this.#report(event.seq, event.seq, `revision ${event.rev} of ${event.stream} does not follow ${known}`);
    }
    this.#revisions.set(event.stream, event.rev);
  }

  #hole(from: number, to: number, reason: string): void {
    this.#report(from, to, reason);
    this.#expected = to + 1;
    this.#link = undefined;
    this.#whole = false;
    this.#revisions.clear();
  }

  #report(from: number, to: number, reason: string): void {
    this.#damage.push({ from, to, reason });
  }
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
