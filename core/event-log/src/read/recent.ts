import { Segment } from '../stored/segment.ts';

const MAX_SEGMENTS = 2048;
const MAX_BYTES = 2 * 1024 * 1024;

/**
 * The newest durable segments, for followers that keep pace: bounded, whoever is slower reads from disk. Followers see
 * the bytes that the disk holds; what they parse of them they share.
 */
export class Recent {
  #entries: { readonly bytes: Buffer; segment?: Segment }[] = [];
  /** First position of each entry. */
  #firsts: number[] = [];
  #bytes = 0;

  add(first: number, bytes: Buffer): void {
    this.#entries.push({ bytes });
    this.#firsts.push(first);
    this.#bytes += bytes.length;
    if (this.#entries.length > MAX_SEGMENTS * 2 || this.#bytes > MAX_BYTES * 2) this.#trim();
  }

  /** Segments from the one that holds a position on, together at most `limit`; none if they are no longer, or not yet, here. */
  from(seq: number, limit: number): readonly Segment[] {
    let at = this.#firsts.length - 1;
    while (at >= 0 && (this.#firsts[at] ?? 0) > seq) at--;
    if (at < 0) return [];
    return this.#entries.slice(at, at + limit).map((entry) => (entry.segment ??= new Segment(entry.bytes)));
  }

  #trim(): void {
    let drop = 0;
    while (this.#entries.length - drop > MAX_SEGMENTS || (this.#bytes > MAX_BYTES && drop < this.#entries.length)) {
      this.#bytes -= this.#entries[drop]?.bytes.length ?? 0;
      drop++;
    }
    this.#entries = this.#entries.slice(drop);
    this.#firsts = this.#firsts.slice(drop);
  }
}
