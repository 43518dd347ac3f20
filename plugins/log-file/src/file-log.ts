import {
  type Kernel,
  type LogDriver,
  type LogReadOptions,
  type LogRecord,
  type Observed,
  type OperationContext,
  ShiplogError,
} from '@shiplog/contracts';
import {
  ATTRIBUTE_OPTIONS,
  attributesOf,
  bufferLimit,
  checkLogOptions,
  COMMON_LOG_OPTIONS,
  countOption,
  Deliveries,
  type DriverHome,
  flagOption,
  type Logger,
  parseTag,
  sizeOption,
} from '@shiplog/driver-kit';
import type { Codec } from './codec.ts';
import { isWanted, type OpenSegment, openSegments, readSegment } from './read-files.ts';
import { type Reader, Readers } from './readers.ts';
import { RotatedFile, type Rotation } from './rotated-file.ts';
import { removeSegments } from './segments.ts';

type Args<V extends keyof LogDriver> = LogDriver[V] extends (args: infer A, ctx: never) => unknown ? A : never;
type Options = { readonly [option: string]: string };

export const FILE_OPTIONS = {
  'max-size': { doc: 'Bytes (k, m, g) after which a file is full.' },
  'max-file': { doc: 'How many files are kept.' },
  compress: { doc: 'Compress the full ones with gzip: true or false.' },
  ...ATTRIBUTE_OPTIONS,
  ...COMMON_LOG_OPTIONS,
};

/** No more files than this are ever looked for. */
const MOST_FILES = 1000;

/** A file for each container that is rotated by size, in one format or another. */
export abstract class FileLog implements LogDriver, AsyncDisposable {
  readonly #deliveries: Deliveries;
  readonly #readers = new Map<string, Readers>();

  protected constructor(
    private readonly name: string,
    private readonly codec: Codec,
    private readonly defaults: Rotation,
    kernel: Kernel,
    private readonly home: DriverHome,
    private readonly logger: Logger,
  ) {
    this.#deliveries = new Deliveries(kernel, logger);
  }

  async check({ options }: Args<'check'>): Promise<Record<string, never>> {
    checkLogOptions(this.name, options, Object.keys(FILE_OPTIONS));
    this.#rotation(options);
    return {};
  }

  async open(args: Args<'open'>): Promise<Record<string, never>> {
    const { id, path, options, subject } = args;
    const rotation = this.#rotation(options);
    const attributes = {
      ...attributesOf(options, subject),
      ...(options.tag === undefined || options.tag === '' ? {} : { tag: parseTag(options.tag)(subject) }),
    };
    const most = bufferLimit(options);
    await this.#deliveries.open(args, {
      connect: (state) => RotatedFile.open(path, this.codec, rotation, attributes, this.#readersOf(id), this.logger, state.size),
      ...(most === undefined ? {} : { most }),
      ...(rotation.maxBytes === undefined ? {} : { kept: rotation.maxBytes * rotation.maxFiles }),
    });
    return {};
  }

  async close({ id }: Args<'close'>, { signal }: OperationContext): Promise<Record<string, never>> {
    await this.#deliveries.close(id, signal);
    return {};
  }

  async remove(args: Args<'remove'>): Promise<Record<string, never>> {
    await this.#deliveries.remove(args);
    await removeSegments(args.path, MOST_FILES);
    return {};
  }

  observe(): Promise<readonly Observed[]> {
    return this.#deliveries.observe();
  }

  async *read(options: LogReadOptions): AsyncGenerator<LogRecord> {
    const { id, follow, ended, signal } = options;
    const readers = this.#readersOf(id);
    const reader = readers.add();
    const wakes = [ended, signal];
    for (const wake of wakes) wake.addEventListener('abort', reader.tell);
    try {
      await this.#takeOver(options);
      const segments = await this.#begin(readers, reader, options.tail, options);
      try {
        while (!signal.aborted) {
          const last = !follow || ended.aborted;
          const seen = reader.news;
          if (last && follow) await this.#takeOver(options);
          const [current] = segments;
          if (current !== undefined) {
            const records = readSegment(current, this.codec);
            let step = await records.next();
            for (; step.done !== true; step = await records.next()) {
              const wanted = isWanted(step.value, options);
              if (wanted === 'late') return;
              if (wanted === 'yes') yield step.value;
              if (signal.aborted) return;
            }
            segments[0] = { file: current.file, offset: step.value };
            segments.push(...reader.next.splice(0).map((file) => ({ file, offset: 0 })));
            if (segments.length > 1) {
              await segments.shift()?.file.close();
              continue;
            }
          } else {
            segments.push(...(await this.#begin(readers, reader, undefined, options)));
            // A container may end before its file is begun: what is there now is still to be read.
            if (segments.length > 0) continue;
          }
          if (last) return;
          await reader.after(seen);
        }
      } finally {
        for (const { file } of segments) await file.close();
      }
    } finally {
      for (const wake of wakes) wake.removeEventListener('abort', reader.tell);
      await readers.remove(reader);
      if (readers.empty && this.#readers.get(id) === readers) this.#readers.delete(id);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#deliveries.dispose();
  }

  /** From here on a file that is begun is told to the reader: none is missed, and none comes twice. */
  #begin(readers: Readers, reader: Reader, tail: number | undefined, { path }: LogReadOptions): Promise<OpenSegment[]> {
    return readers.alone(async () => {
      for (const begun of reader.next.splice(0)) await begun.close();
      return openSegments(path, MOST_FILES, this.codec, tail, this.home.runDir);
    });
  }

  /** What the spool holds now is in the file; of one that ended, an unfinished last line too. */
  async #takeOver({ id, ended, signal }: LogReadOptions): Promise<void> {
    if (ended.aborted) await this.#deliveries.close(id, signal);
    else await this.#deliveries.catchUp(id);
  }

  #readersOf(id: string): Readers {
    const readers = this.#readers.get(id) ?? new Readers();
    this.#readers.set(id, readers);
    return readers;
  }

  #rotation(options: Options): Rotation {
    const maxBytes = options['max-size'] === '-1' ? -1 : sizeOption(options, 'max-size', this.defaults.maxBytes ?? -1);
    const maxFiles = countOption(options, 'max-file', this.defaults.maxFiles, 1);
    const unlimited = maxBytes <= 0;
    if (maxBytes === 0) throw new ShiplogError('SPEC_INVALID', 'max-size must be a positive number');
    const compress = flagOption(options, 'compress', this.defaults.compress && maxFiles > 1 && !unlimited);
    if (compress && (maxFiles < 2 || unlimited)) {
      throw new ShiplogError('SPEC_INVALID', 'compress cannot be true when max-file is less than 2 or max-size is not set');
    }
    return { maxBytes: unlimited ? undefined : maxBytes, maxFiles, compress };
  }
}
