import type { State } from '@shiplog/model';
import { type AppendCondition, type ExpectedRevision, type ShiplogEvent, ShiplogError, type StreamName } from '@shiplog/contracts';

/** What a log checks before it admits an append: revisions of streams, and where a tag was claimed last. */
export class Admission {
  readonly #revisions = new Map<string, number>();
  readonly #claimed = new Map<string, number>();

  /** What there is has a stream. How far it is nobody who decides asks; of streams of what was removed nothing comes any more. */
  begin({ containers, images, networks, volumes }: State): void {
    for (const [kind, records] of Object.entries({ container: containers, image: images, network: networks, volume: volumes }))
      for (const key of records.keys()) this.#revisions.set(`${kind}/${key}`, 0);
  }

  add({ seq, stream, rev, tags }: ShiplogEvent): void {
    this.#revisions.set(stream, rev);
    if (tags !== undefined) for (const tag of tags) this.#claimed.set(tag, seq);
  }

  /** Revision of a stream's last event; -1 for none. */
  revision(stream: string): number {
    return this.#revisions.get(stream) ?? -1;
  }

  /** Position of the last event with a tag; -1 for none. */
  lastTagged(tag: string): number {
    return this.#claimed.get(tag) ?? -1;
  }

  /** Throws LOG_CONFLICT or LOG_CONDITION_FAILED unless the log is as an append expects it. */
  check(expected: { readonly [S in StreamName]?: ExpectedRevision }, conditions: readonly AppendCondition[]): void {
    for (const [stream, wanted] of Object.entries(expected) as [StreamName, ExpectedRevision][]) {
      const revision = this.revision(stream);
      if (!meets(revision, wanted)) {
        throw new ShiplogError('LOG_CONFLICT', `stream ${stream} is at revision ${revision}, expected ${wanted}`, {
          stream,
          wanted,
          revision,
        });
      }
    }
    for (const { tags, after } of conditions) {
      for (const tag of tags) {
        const seq = this.lastTagged(tag);
        if (seq > after)
          throw new ShiplogError('LOG_CONDITION_FAILED', `event ${seq} carries ${tag}, after position ${after}`, { tag, after, seq });
      }
    }
  }
}

function meets(revision: number, wanted: ExpectedRevision): boolean {
  if (wanted === 'any') return true;
  if (wanted === 'no-stream') return revision === -1;
  return wanted === 'stream-exists' ? revision >= 0 : revision === wanted;
}
