import { type FileHandle, mkdir, open } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Logger, OutputRecord, OutputSink } from '@shiplog/driver-kit';
import type { Codec } from './codec.ts';
import type { Readers } from './readers.ts';
import { packYoungest, shift, takePacked } from './segments.ts';

export interface Rotation {
  /** Bytes after which a file is full; undefined for never. */
  readonly maxBytes?: number | undefined;
  /** Files in all, the one that is written included. */
  readonly maxFiles: number;
  readonly compress: boolean;
}

/** An average record in a file is at most about twice as long as in the spool. */
const GROWTH = 2;

/**
 * The file that records are written to. Its size is kept with the position in the spool: after a crash, what was written
 * after the last note is cut off and written again, so that each record is there exactly once.
 */
export class RotatedFile implements OutputSink {
  #compressing: Promise<void> = Promise.resolve();

  private constructor(
    private readonly path: string,
    private readonly codec: Codec,
    private readonly rotation: Rotation,
    private readonly attributes: { readonly [name: string]: string },
    private readonly readers: Readers,
    private readonly logger: Logger,
    private file: FileHandle,
    private size: number,
  ) {}

  /** `noted` is the size that {@link RotatedFile.sync} answered last; undefined when it was never asked. */
  static async open(
    path: string,
    codec: Codec,
    rotation: Rotation,
    attributes: { readonly [name: string]: string },
    readers: Readers,
    logger: Logger,
    noted: number | undefined,
  ): Promise<RotatedFile> {
    await mkdir(dirname(path), { recursive: true, mode: 0o700 });
    const file = await open(path, 'a', 0o640);
    let { size } = await file.stat();
    // Smaller: the file was turned after the note, and this is the new one.
    if (noted !== undefined && size > noted) {
      await file.truncate(noted);
      size = noted;
    }
    const rotated = new RotatedFile(path, codec, rotation, attributes, readers, logger, file, size);
    if (rotation.compress && rotation.maxFiles > 1) rotated.#compress();
    return rotated;
  }

  get full(): boolean {
    return this.rotation.maxBytes !== undefined && this.size >= this.rotation.maxBytes;
  }

  get room(): number | undefined {
    return this.rotation.maxBytes === undefined ? undefined : (this.rotation.maxBytes - this.size) / GROWTH;
  }

  async write(records: readonly OutputRecord[]): Promise<void> {
    const bytes = Buffer.concat(records.map((record) => this.codec.encode(record, this.attributes)));
    try {
      // A write to a file that is open for appending may be short on a full disk only.
      await this.file.writeFile(bytes);
    } catch (error) {
      await this.file.truncate(this.size);
      throw error;
    }
    this.size += bytes.length;
    this.readers.tellMore();
  }

  async sync(durable: boolean): Promise<{ readonly size: number }> {
    if (durable) await this.file.datasync();
    return { size: this.size };
  }

  async turn(): Promise<void> {
    await this.#compressing;
    await this.readers.alone(async () => {
      await shift(this.path, this.rotation.maxFiles - 1);
      const full = this.file;
      this.file = await open(this.path, 'a', 0o640);
      this.size = 0;
      await full.close();
      await this.readers.tellTurned(this.path);
    });
    if (this.rotation.compress && this.rotation.maxFiles > 1) this.#compress();
  }

  async close(): Promise<void> {
    await this.#compressing;
    await this.file.close();
  }

  /** Beside everything else; a failure leaves the file as it is. */
  #compress(): void {
    this.#compressing = packYoungest(this.path)
      .then((packed) => (packed ? this.readers.alone(() => takePacked(this.path)) : undefined))
      .catch((error: unknown) => this.logger.warn('full log file not compressed', { path: this.path, error: String(error) }));
  }
}
