import { corrupt, refusal } from '../check/corrupt.ts';
import { type LogDatabase, segmentPosition } from './database.ts';
import { FrameError } from './frame.ts';
import { type RawEntry, RawScan } from './raw-scan.ts';
import { Segment } from './segment.ts';

export interface SegmentScanOptions {
  /** First position of a segment. */
  readonly first: number;
  /** Last position that must be there. */
  readonly last: number;
  readonly ahead: boolean;
  readonly chunk: number;
}

/** Segments in order, each known to be whole and to follow the one before without a gap; else LOG_CORRUPT or LOG_TOO_NEW. */
export class SegmentScan {
  readonly #scan: RawScan;
  readonly #last: number;
  #expected: number;

  constructor(db: LogDatabase, options: SegmentScanOptions) {
    this.#scan = new RawScan(db, options);
    this.#expected = options.first;
    this.#last = options.last;
  }

  /** The next segments; none at the end, which is only reached when `last` was. */
  async next(): Promise<readonly Segment[]> {
    if (this.#expected > this.#last) return [];
    const entries = await this.#raw();
    if (entries.length === 0) throw corrupt(this.#expected, this.#last, 'missing');
    const segments: Segment[] = [];
    for (const [index, entry] of entries.entries()) {
      const segment = await this.#check(entry, entries[index + 1]);
      segments.push(segment);
      this.#expected = segment.last + 1;
    }
    return segments;
  }

  close(): Promise<void> {
    return this.#scan.close();
  }

  async #raw(): Promise<readonly RawEntry[]> {
    try {
      return await this.#scan.next();
    } catch (error) {
      throw refusal(error, this.#expected, this.#last);
    }
  }

  async #check([key, value]: RawEntry, following: RawEntry | undefined): Promise<Segment> {
    const first = segmentPosition(key);
    if (first === undefined) throw corrupt(this.#expected, this.#last, `unknown key ${key}`);
    if (first > this.#expected) throw corrupt(this.#expected, first - 1, 'missing');
    if (first < this.#expected) throw corrupt(first, this.#expected - 1, 'stored twice');
    try {
      const segment = new Segment(value);
      if (segment.first !== first) throw new FrameError(`found events from ${segment.first} on in its place`);
      return segment;
    } catch (error) {
      // The count of a damaged segment cannot be trusted; where the next one begins can.
      const next = following ?? (await this.#raw())[0];
      throw refusal(error, first, ((next && segmentPosition(next[0])) ?? this.#last + 1) - 1);
    }
  }
}
