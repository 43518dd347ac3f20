import { type Digest, ShiplogError } from '@shiplog/contracts';
import type { FetchedBlob } from './fetched-blob.ts';

/** Blobs that are waited for. */
export class Arrivals {
  readonly #blobs: ReadonlyMap<Digest, PromiseWithResolvers<FetchedBlob>>;

  constructor(digests: readonly Digest[]) {
    this.#blobs = new Map(digests.map((digest) => [digest, Promise.withResolvers<FetchedBlob>()]));
    // Nobody may wait any more when one fails.
    for (const { promise } of this.#blobs.values()) promise.catch(() => undefined);
  }

  of(digest: Digest): Promise<FetchedBlob> {
    const blob = this.#blobs.get(digest);
    if (blob === undefined) throw new ShiplogError('INTERNAL', `blob ${digest} is not on its way`);
    return blob.promise;
  }

  all(): Promise<readonly FetchedBlob[]> {
    return Promise.all([...this.#blobs.values()].map(({ promise }) => promise));
  }

  arrived(blob: FetchedBlob): void {
    this.#blobs.get(blob.digest)?.resolve(blob);
  }

  fail(error: unknown): void {
    for (const { reject } of this.#blobs.values()) reject(error);
  }
}
