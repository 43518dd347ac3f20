import { watch } from 'node:fs';
import { type FileHandle, open, rm } from 'node:fs/promises';
import { injectable } from '@shiplog/driver-kit';
import type { LogDriver, LogReadOptions, LogRecord, Observed } from '@shiplog/contracts';
import { parseLine } from './line.ts';
import { tailOffset } from './tail.ts';

const BLOCK = 65_536;
/** How long a follower waits at most before it looks itself: a watch can be missing where the kernel has no more to give. */
const LOOK_MS = 1000;
/** A log that does not exist yet is looked for this often. */
const APPEAR_MS = 100;

/** Reads what conmon wrote in the CRI's format, one file a container. */
@injectable()
export class K8sFileLogDriver implements LogDriver {
  async *read(options: LogReadOptions): AsyncGenerator<LogRecord> {
    const file = await this.#open(options);
    if (file === undefined) return;
    const changes = options.follow ? new Changes(options) : undefined;
    try {
      const { size } = await file.stat();
      let position = options.tail === undefined ? 0 : await tailOffset(file, size, options.tail);
      let rest: Buffer = Buffer.alloc(0);
      while (!options.signal.aborted) {
        // Asked before reading: what ended before this read left all it had.
        const last = changes === undefined || options.ended.aborted;
        const seen = changes?.count ?? 0;
        const block = Buffer.alloc(BLOCK);
        const { bytesRead } = await file.read(block, 0, BLOCK, position);
        position += bytesRead;
        const bytes = rest.length === 0 ? block.subarray(0, bytesRead) : Buffer.concat([rest, block.subarray(0, bytesRead)]);
        let start = 0;
        for (let end = bytes.indexOf(0x0a); end >= 0; end = bytes.indexOf(0x0a, start)) {
          const record = parseLine(bytes.subarray(start, end));
          start = end + 1;
          if (record === undefined) continue;
          if (options.until !== undefined && BigInt(record.time) > BigInt(options.until)) return;
          if (isWanted(record, options)) yield record;
        }
        rest = bytes.subarray(start);
        if (bytesRead > 0) continue;
        if (last) return;
        await changes?.after(seen);
      }
    } finally {
      changes?.close();
      await file.close();
    }
  }

  async remove(path: string): Promise<void> {
    await rm(path, { force: true });
    await rm(path.slice(0, path.lastIndexOf('/')), { recursive: true, force: true });
  }

  async observe(): Promise<readonly Observed[]> {
    return [];
  }

  async #open(options: LogReadOptions): Promise<FileHandle | undefined> {
    for (;;) {
      try {
        return await open(options.path, 'r');
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
      }
      if (!options.follow || options.ended.aborted || options.signal.aborted) return undefined;
      await new Promise((resolve) => setTimeout(resolve, APPEAR_MS));
    }
  }
}

/** Tells when a file may have more. */
class Changes {
  count = 0;
  #wake: () => void = () => undefined;
  readonly #watcher;
  readonly #timer;

  constructor(private readonly options: LogReadOptions) {
    this.#watcher = watch(options.path, { persistent: false }, this.#change);
    this.#watcher.on('error', this.#change);
    this.#timer = setInterval(this.#change, LOOK_MS).unref();
    options.ended.addEventListener('abort', this.#change);
    options.signal.addEventListener('abort', this.#change);
  }

  /** Resolves once something happened after `seen`. */
  async after(seen: number): Promise<void> {
    if (this.count !== seen) return;
    await new Promise<void>((resolve) => {
      this.#wake = resolve;
    });
  }

  close(): void {
    this.#watcher.close();
    clearInterval(this.#timer);
    this.options.ended.removeEventListener('abort', this.#change);
    this.options.signal.removeEventListener('abort', this.#change);
  }

  readonly #change = (): void => {
    this.count += 1;
    this.#wake();
  };
}

function isWanted(record: LogRecord, options: LogReadOptions): boolean {
  if (!(record.stream === 'stdout' ? options.stdout : options.stderr)) return false;
  return options.since === undefined || BigInt(record.time) >= BigInt(options.since);
}
