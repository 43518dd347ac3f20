import { open, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Digest, type Progress, ShiplogError } from '@shiplog/contracts';
import {
  cleanLayerPath,
  type Compression,
  type Decompressor,
  decompress,
  digestStream,
  joinLayerPath,
  readTar,
  sha256Of,
  sniff,
  splitLayerPath,
  type TarEntry,
} from '@shiplog/oci';

/** A file of the archive, now on disk. */
export interface SpooledFile {
  /** Name in the archive, clean. */
  readonly name: string;
  /** Where it is; a path made of a hash, never of the name. */
  readonly file: string;
  readonly digest: Digest;
  /** Bytes. */
  readonly size: number;
  readonly compression: Compression;
  /** Digest and bytes of what is in it when it is decompressed; its own when it is plain. */
  readonly contentDigest: Digest;
  readonly contentSize: number;
}

export interface SpoolLimits {
  readonly entries: number;
  /** Bytes of one file, as it is and decompressed. */
  readonly fileBytes: number;
}

const LINK_HOPS = 16;
const PROGRESS_BYTES = 8 * 1024 * 1024;

/**
 * The files of an archive, spooled to a directory because what ties them together (`manifest.json`, `index.json`) may
 * come last. Digests of content and of decompressed content are computed on the way through, in one pass.
 */
export class Spool {
  readonly #directory: string;
  readonly #limits: SpoolLimits;
  readonly #files = new Map<string, SpooledFile>();
  readonly #links = new Map<string, string>();

  constructor(directory: string, limits: SpoolLimits) {
    this.#directory = directory;
    this.#limits = limits;
  }

  /** Reads a whole archive, plain or compressed. Throws ARCHIVE_INVALID or ARCHIVE_ESCAPES. */
  async fill(archive: AsyncIterable<Uint8Array>, decompressor: Decompressor, progress?: (progress: Progress) => void): Promise<void> {
    let count = 0;
    for await (const entry of readTar(decompress(archive, { decompressor }))) {
      count += 1;
      if (count > this.#limits.entries) throw invalid(`has more than ${this.#limits.entries} entries`);
      await this.#enter(entry, progress);
    }
    if (count === 0) throw invalid('is empty');
  }

  has(name: string): boolean {
    return this.#files.has(name) || this.#links.has(name);
  }

  /** The file of this name; links inside the archive are followed. Throws ARCHIVE_INVALID if there is none. */
  file(name: string): SpooledFile {
    let clean = cleanLayerPath(name);
    for (let hops = 0; hops < LINK_HOPS; hops++) {
      const file = this.#files.get(clean);
      if (file !== undefined) return file;
      const target = this.#links.get(clean);
      if (target === undefined) throw invalid(`lacks ${JSON.stringify(name)}`, { name });
      clean = target;
    }
    throw invalid(`has links in a circle at ${JSON.stringify(name)}`, { name });
  }

  /** The bytes of a small file. Throws ARCHIVE_INVALID if it is larger than `limitBytes`. */
  async read(file: SpooledFile, limitBytes: number): Promise<Uint8Array> {
    if (file.size > limitBytes) throw invalid(`has ${JSON.stringify(file.name)} of more than ${limitBytes} bytes`);
    return readFile(file.file);
  }

  async #enter(entry: TarEntry, progress: ((progress: Progress) => void) | undefined): Promise<void> {
    const name = cleanLayerPath(entry.name);
    switch (entry.type) {
      case 'directory':
        return;
      case 'file':
        this.#checkNew(name);
        this.#files.set(name, await this.#write(name, entry, progress));
        return;
      case 'hardlink':
        this.#checkNew(name);
        this.#links.set(name, cleanLayerPath(entry.linkName));
        return;
      case 'symlink':
        this.#checkNew(name);
        this.#links.set(name, symlinkTarget(name, entry.linkName));
        return;
      case 'char':
      case 'block':
      case 'fifo':
        throw invalid(`has ${JSON.stringify(name)}, a device or pipe, which no image archive has`, { name });
    }
  }

  /** A second file of one name would let two readers see two images. */
  #checkNew(name: string): void {
    if (this.has(name)) throw invalid(`has ${JSON.stringify(name)} twice`, { name });
  }

  async #write(name: string, entry: TarEntry, progress: ((progress: Progress) => void) | undefined): Promise<SpooledFile> {
    const { fileBytes } = this.#limits;
    if (entry.size > fileBytes) throw invalid(`has ${JSON.stringify(name)} of more than ${fileBytes} bytes`, { name });
    const file = join(this.#directory, sha256Of(name).slice('sha256:'.length));
    return this.#examine(name, file, entry.size, (raw) => copyTo(file, raw, told(name, entry.size, progress)), entry.content);
  }

  /** Digests of a file and of what is in it, in one pass over `source`, which `through` may copy. */
  async #examine(
    name: string,
    file: string,
    size: number,
    through: (raw: AsyncIterable<Uint8Array>) => AsyncIterable<Uint8Array>,
    source: AsyncIterable<Uint8Array>,
  ): Promise<SpooledFile> {
    const { fileBytes } = this.#limits;
    const raw = digestStream(source, { size });
    const { compression, stream } = await sniff(through(raw));
    const content = compression === 'plain' ? raw : digestStream(decompress(stream, { limitBytes: fileBytes }));
    for await (const chunk of compression === 'plain' ? stream : content) void chunk;
    if (!raw.complete) throw invalid(`has data after the end of the compressed ${JSON.stringify(name)}`, { name });
    return {
      name,
      file,
      digest: raw.digest(),
      size: raw.bytes,
      compression,
      contentDigest: content.digest(),
      contentSize: content.bytes,
    };
  }
}

/** Passes `source` on and writes it to a new file. */
export async function* copyTo(
  path: string,
  source: AsyncIterable<Uint8Array>,
  tell: (bytes: number) => void = () => undefined,
): AsyncGenerator<Uint8Array, void, undefined> {
  const handle = await open(path, 'wx', 0o600);
  try {
    let bytes = 0;
    for await (const chunk of source) {
      for (let at = 0; at < chunk.byteLength;) at += (await handle.write(chunk, at)).bytesWritten;
      bytes += chunk.byteLength;
      tell(bytes);
      yield chunk;
    }
  } finally {
    await handle.close();
  }
}

/** Tells progress of large files now and then. */
function told(id: string, total: number, progress: ((progress: Progress) => void) | undefined): ((bytes: number) => void) | undefined {
  if (progress === undefined || total < PROGRESS_BYTES) return undefined;
  let next = 0;
  return (current) => {
    if (current < next && current < total) return;
    next = current + PROGRESS_BYTES;
    progress({ id, status: 'Loading layer', current, total });
  };
}

function symlinkTarget(name: string, target: string): string {
  return cleanLayerPath(target.startsWith('/') ? target : joinLayerPath(splitLayerPath(name).parent, target));
}

function invalid(how: string, facts: { readonly [fact: string]: unknown } = {}): ShiplogError {
  return new ShiplogError('ARCHIVE_INVALID', `the archive ${how}`, facts);
}
