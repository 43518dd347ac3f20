import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Digest } from '@shiplog/contracts';
import { readIfThere, replaceDurably } from '@shiplog/driver-kit';
import { type OciManifest, parseManifest } from '@shiplog/oci';
import { makeDirectory } from './durable.ts';

/** A manifest, and what it says. */
export interface KnownManifest extends OciManifest {
  readonly bytes: Uint8Array;
}

/**
 * The manifests by which images came here, or were sent: `<directory>/<64 hex of the image>`, one an image, the newest. All of it may be lost; a push
 * compresses plain layers again then, and its manifest may be another.
 */
export class Manifests {
  readonly #directory: string;

  constructor(directory: string) {
    this.#directory = directory;
  }

  async keep(image: Digest, bytes: Uint8Array): Promise<void> {
    await makeDirectory(this.#directory);
    await replaceDurably(this.#file(image), Buffer.from(bytes).toString());
  }

  /** Undefined where there is none, or one that is damaged. */
  async find(image: Digest): Promise<KnownManifest | undefined> {
    const text = await readIfThere(this.#file(image));
    if (text === undefined) return undefined;
    const bytes = Buffer.from(text);
    try {
      const manifest = parseManifest(bytes);
      return manifest.config.digest === image ? { ...manifest, bytes } : undefined;
    } catch {
      return undefined;
    }
  }

  /** Succeeds for those that are not there. */
  async remove(images: readonly Digest[]): Promise<void> {
    await Promise.all(images.map((image) => rm(this.#file(image), { force: true })));
  }

  #file(image: Digest): string {
    return join(this.#directory, image.slice('sha256:'.length));
  }
}
