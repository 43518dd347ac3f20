import { dirname } from 'node:path';
import type { Digest } from '@shiplog/contracts';
import { linked } from './blobs.ts';
import type { FetchedBlob } from './fetched-blob.ts';

/** A file that somebody fetches, or has fetched and not stored yet. */
interface Download {
  readonly path: string;
  readonly file: Promise<FetchedBlob>;
}

/** Blobs that are being fetched: pulls that go on side by side fetch each once. */
export class Downloads {
  readonly #underWay = new Map<Digest, Download>();

  /**
   * Makes a blob be at `path`: as somebody else fetches it now, or by `fetch`, which checks it. What fails for one is fetched anew for the next. Throws what
   * `fetch` throws, or what `signal` was aborted with.
   */
  async bring(digest: Digest, path: string, fetch: () => Promise<FetchedBlob>, signal: AbortSignal): Promise<FetchedBlob> {
    for (let other = this.#underWay.get(digest); other !== undefined; other = this.#underWay.get(digest)) {
      const file = await unlessAborted(other.file, signal);
      if (file !== undefined && (await linked(file.file, path))) return { ...file, file: path };
      if (this.#underWay.get(digest) === other) this.#underWay.delete(digest);
    }
    const download = { path, file: fetch() };
    this.#underWay.set(digest, download);
    return download.file;
  }

  /** Of an ingest that ends: what it fetched is stored by now, or gone. */
  forget(directory: string): void {
    for (const [digest, { path }] of this.#underWay) if (dirname(path) === directory) this.#underWay.delete(digest);
  }
}

/** What somebody else's work comes to; undefined where it fails. */
async function unlessAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T | undefined> {
  signal.throwIfAborted();
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  const abort = (): void => reject(signal.reason);
  signal.addEventListener('abort', abort, { once: true });
  try {
    return await Promise.race([work.catch(() => undefined), aborted]);
  } finally {
    signal.removeEventListener('abort', abort);
  }
}
