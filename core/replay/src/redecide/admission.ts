import type { Accepted } from '@shiplog/model';
import type { ExpectedRevision, ShiplogEvent, StreamName } from '@shiplog/contracts';

/** What the log checks before it admits an append: revisions of streams, and where a tag was claimed last. */
export class Admission {
  readonly #revisions = new Map<string, number>();
  readonly #claimed = new Map<string, number>();

  add({ seq, stream, rev, tags }: ShiplogEvent): void {
    this.#revisions.set(stream, rev);
    if (tags !== undefined) for (const tag of tags) this.#claimed.set(tag, seq);
  }

  /** Why a decision would not be admitted now; undefined if it would. */
  conflict({ expected, conditions }: Accepted): string | undefined {
    for (const [stream, wanted] of Object.entries(expected) as [StreamName, ExpectedRevision][]) {
      const revision = this.#revisions.get(stream) ?? -1;
      const holds =
        wanted === 'any' || (wanted === 'no-stream' ? revision < 0 : wanted === 'stream-exists' ? revision >= 0 : revision === wanted);
      if (!holds) return `${stream} is expected to be ${wanted} and is at revision ${revision}`;
    }
    for (const { tags, after } of conditions) {
      const taken = tags.find((tag) => (this.#claimed.get(tag) ?? -1) > after);
      if (taken !== undefined) return `${taken} is claimed by position ${this.#claimed.get(taken)}`;
    }
    return undefined;
  }
}
