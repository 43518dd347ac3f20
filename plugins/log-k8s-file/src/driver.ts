import { type FileHandle, open, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { checkLogOptions, errnoOf, FileChanges, injectable, parseSpoolLine } from '@shiplog/driver-kit';
import type { LogDriver, LogReadOptions, LogRecord, Observed } from '@shiplog/contracts';
import { tailOffset } from './tail.ts';

const BLOCK = 65_536;
/** A log that does not exist yet is looked for this often. */
const APPEAR_MS = 100;

/** Reads what conmon wrote in the CRI's format, one file a container. */
@injectable()
export class K8sFileLogDriver implements LogDriver {
  async *read(options: LogReadOptions): AsyncGenerator<LogRecord> {
    const file = await this.#open(options);
    if (file === undefined) return;
    const changes = options.follow ? new FileChanges(options.path, [options.ended, options.signal]) : undefined;
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
          const record = parseSpoolLine(bytes.subarray(start, end + 1));
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

  async check({ options }: { readonly options: { readonly [option: string]: string } }): Promise<Record<string, never>> {
    checkLogOptions('k8s-file', options, []);
    return {};
  }

  /** The monitor writes where this reads. */
  async open(): Promise<Record<string, never>> {
    return {};
  }

  async close(): Promise<Record<string, never>> {
    return {};
  }

  async remove({ path }: { readonly path: string }): Promise<Record<string, never>> {
    await rm(dirname(path), { recursive: true, force: true });
    return {};
  }

  async observe(): Promise<readonly Observed[]> {
    return [];
  }

  async #open(options: LogReadOptions): Promise<FileHandle | undefined> {
    for (;;) {
      try {
        return await open(options.path, 'r');
      } catch (error) {
        if (errnoOf(error) !== 'ENOENT') throw error;
      }
      if (!options.follow || options.ended.aborted || options.signal.aborted) return undefined;
      await new Promise((resolve) => setTimeout(resolve, APPEAR_MS));
    }
  }
}

function isWanted(record: LogRecord, options: LogReadOptions): boolean {
  if (!(record.stream === 'stdout' ? options.stdout : options.stderr)) return false;
  return options.since === undefined || BigInt(record.time) >= BigInt(options.since);
}
