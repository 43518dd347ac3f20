import { type FileHandle, open, rm } from 'node:fs/promises';
import { ShiplogError } from '@shiplog/contracts';

/** A file that takes a blob of known size piece by piece, and never more than that. */
export class BlobFile implements AsyncDisposable {
  #bytes = 0;

  private constructor(
    private readonly handle: FileHandle,
    readonly size: number,
    private readonly what: string,
  ) {}

  /** What is at `path` goes first: a link that is there is not written through. */
  static async create(path: string, size: number, what: string): Promise<BlobFile> {
    await rm(path, { force: true });
    return new BlobFile(await open(path, 'wx', 0o600), size, what);
  }

  /** How many there are. */
  get bytes(): number {
    return this.#bytes;
  }

  get isWhole(): boolean {
    return this.#bytes === this.size;
  }

  /** Throws DIGEST_MISMATCH where it would become longer than announced. */
  async append(chunk: Uint8Array): Promise<void> {
    if (this.#bytes + chunk.length > this.size)
      throw new ShiplogError('DIGEST_MISMATCH', `${this.what} is longer than the ${this.size} bytes it was announced with`, {
        expected: this.size,
      });
    for (let at = 0; at < chunk.length;) at += (await this.handle.write(chunk, at, undefined, this.#bytes + at)).bytesWritten;
    this.#bytes += chunk.length;
  }

  async restart(): Promise<void> {
    await this.handle.truncate(0);
    this.#bytes = 0;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.handle.close();
  }
}
