import { createWriteStream } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { type ImageSource, type Observed, type OperationContext, ShiplogError } from '@shiplog/contracts';
import { type DriverOptions, inject, injectable, OPTIONS } from '@shiplog/driver-kit';
import { entryOf, layoutsFor } from './layouts.ts';
import { referenceParts } from '@shiplog/oci';
import { openRegular } from './regular-file.ts';

type Args<V extends 'resolve' | 'fetch'> = Parameters<ImageSource[V]>[0];
type Answer<V extends 'resolve' | 'fetch'> = ReturnType<ImageSource[V]>;

const PROGRESS_BYTES = 4 * 1024 * 1024;

/** Images from OCI image layouts below a directory, as `skopeo copy --all docker://busybox oci:ROOT/busybox:latest` makes them. */
@injectable()
export class DirectorySource implements ImageSource {
  readonly #root: string;

  constructor(@inject(OPTIONS) options: DriverOptions) {
    this.#root = options['path'] ?? '';
  }

  async observe(): Promise<readonly Observed[]> {
    return [];
  }

  async resolve({ reference }: Args<'resolve'>, { signal }: OperationContext): Answer<'resolve'> {
    const wanted = referenceParts(reference);
    for (const layout of layoutsFor(this.#root, wanted)) {
      signal.throwIfAborted();
      const entry = await entryOf(layout, this.#root, wanted);
      if (entry !== undefined) return { descriptor: { mediaType: entry.mediaType, digest: entry.digest, size: entry.size } };
    }
    return {};
  }

  async fetch({ reference, digest, size, path }: Args<'fetch'>, ctx: OperationContext): Answer<'fetch'> {
    const wanted = referenceParts(reference);
    for (const layout of layoutsFor(this.#root, wanted)) {
      ctx.signal.throwIfAborted();
      const blob = await openRegular(join(layout, 'blobs', 'sha256', digest.slice('sha256:'.length)));
      if (blob === undefined) continue;
      // No more than was announced: a file that grows fills no disk. What is shorter, or other, is found out by who asked.
      const source = blob.createReadStream({ end: Math.max(0, size - 1) });
      await rm(path, { force: true });
      await pipeline(source, counted(digest, size, ctx), createWriteStream(path, { flags: 'wx', mode: 0o600 }), { signal: ctx.signal });
      return {};
    }
    throw new ShiplogError('BLOB_NOT_FOUND', `no layout below ${this.#root} has blob ${digest} of ${reference}`, { digest, reference });
  }
}

/** Passes on what comes, and tells now and then how much that was. */
function counted(digest: string, total: number, ctx: OperationContext) {
  return async function* (source: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
    const id = digest.slice('sha256:'.length, 'sha256:'.length + 12);
    let [current, next] = [0, PROGRESS_BYTES];
    for await (const chunk of source) {
      yield chunk;
      current += chunk.length;
      if (current < next && current < total) continue;
      next = current + PROGRESS_BYTES;
      ctx.progress({ id, status: 'Downloading', current, total });
    }
  };
}
