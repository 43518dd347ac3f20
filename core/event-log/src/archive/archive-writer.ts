import { type FileHandle, open } from 'node:fs/promises';
import { promisify } from 'node:util';
import { zstdCompress } from 'node:zlib';
import { type Block, checksumOf, encodeIndex, joinSegments } from './archive-format.ts';

const compress = promisify(zstdCompress);

/** Bytes of segments that a block holds, about: what reading one event reads. */
const BLOCK_BYTES = 256 * 1024;

/** Writes an archive, segment by segment. Nothing of it counts before {@link finish} has resolved. */
export class ArchiveWriter {
  readonly #file: FileHandle;
  readonly #blocks: Block[] = [];
  #open: Buffer[] = [];
  #openBytes = 0;
  #first = -1;
  #offset = 0;

  private constructor(file: FileHandle) {
    this.#file = file;
  }

  /** Begins anew, whatever was at `path`. */
  static async begin(path: string): Promise<ArchiveWriter> {
    return new ArchiveWriter(await open(path, 'w', 0o600));
  }

  /** Adds the segment that begins at `first`. */
  async add(first: number, segment: Buffer): Promise<void> {
    if (this.#open.length === 0) this.#first = first;
    this.#open.push(segment);
    this.#openBytes += segment.length;
    if (this.#openBytes >= BLOCK_BYTES) await this.#close();
  }

  /** Ends the archive with event `last`, and resolves with its size when all of it is on disk. */
  async finish(last: number): Promise<number> {
    await this.#close();
    const end = encodeIndex({ last, blocks: this.#blocks });
    await this.#file.write(end, 0, end.length, this.#offset);
    await this.#file.sync();
    return this.#offset + end.length;
  }

  /** Lets go of the file, finished or not. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#file.close();
  }

  async #close(): Promise<void> {
    if (this.#open.length === 0) return;
    const block = await compress(joinSegments(this.#open));
    await this.#file.write(block, 0, block.length, this.#offset);
    this.#blocks.push({ first: this.#first, offset: this.#offset, size: block.length, crc: checksumOf(block) });
    this.#offset += block.length;
    this.#open = [];
    this.#openBytes = 0;
  }
}
