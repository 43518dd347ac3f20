import {
  ATTRIBUTE_OPTIONS,
  attributesOf,
  COMMON_LOG_OPTIONS,
  type DriverOptions,
  inject,
  injectable,
  KERNEL,
  LOGGER,
  type Logger,
  OPTIONS,
  type OutputSink,
  parseTag,
  SendingLog,
} from '@shiplog/driver-kit';
import type { Kernel, LogDriver, LogReadOptions, LogRecord } from '@shiplog/contracts';
import { entryOf, fieldName } from './entry.ts';
import { readJournal } from './read-journal.ts';

export const JOURNALD_OPTIONS = { ...ATTRIBUTE_OPTIONS, ...COMMON_LOG_OPTIONS };

/** Sends each line to the journal with the fields that Docker sets, and reads them back with journalctl(1). */
@injectable()
export class JournaldLog extends SendingLog {
  /** A journal namespace (systemd-journald.service(8)); the host's main journal if absent. */
  readonly #namespace: string | undefined;

  constructor(
    @inject(KERNEL) private readonly kernel: Kernel,
    @inject(LOGGER) logger: Logger,
    @inject(OPTIONS) options: DriverOptions,
  ) {
    super('journald', JOURNALD_OPTIONS, kernel, logger);
    this.#namespace = options.namespace;
  }

  protected checkValues(): void {
    // Docker's journald has no options of its own.
  }

  protected async connect({ id, options, subject }: Parameters<LogDriver['open']>[0]): Promise<OutputSink> {
    const path = `/run/systemd/journal${this.#namespace === undefined ? '' : `.${this.#namespace}`}/socket`;
    const tag = parseTag(options.tag ?? '{{.ID}}')(subject);
    const fields = {
      ...Object.fromEntries(Object.entries(attributesOf(options, subject)).map(([name, value]) => [fieldName(name), value])),
      CONTAINER_ID: id.slice(0, 12),
      CONTAINER_ID_FULL: id,
      CONTAINER_NAME: subject.name,
      CONTAINER_TAG: tag,
      IMAGE_NAME: subject.imageName,
      SYSLOG_IDENTIFIER: tag,
    };
    return {
      write: (records, signal) =>
        this.kernel.sockets.sendDatagrams({
          path,
          datagrams: records.map((record) => entryOf(record, fields)),
          large: 'memfd',
          signal,
        }),
      close: async () => undefined,
    };
  }

  override async *read(options: LogReadOptions): AsyncGenerator<LogRecord> {
    yield* readJournal(options, this.#namespace, () => this.sendRest(options));
  }
}
