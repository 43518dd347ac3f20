import {
  ATTRIBUTE_OPTIONS,
  attributesOf,
  COMMON_LOG_OPTIONS,
  countOption,
  durationOption,
  flagOption,
  inject,
  injectable,
  KERNEL,
  LOGGER,
  type Logger,
  type OutputRecord,
  type OutputSink,
  parseTag,
  SendingLog,
  sizeOption,
} from '@shiplog/driver-kit';
import { type Kernel, type LogDriver, ShiplogError } from '@shiplog/contracts';
import { parseAddress } from './address.ts';

type Options = { readonly [option: string]: string };

export const FLUENTD_OPTIONS = {
  'fluentd-address': { doc: 'host:port, tcp://host:port or unix:///path (127.0.0.1:24224).' },
  'fluentd-request-ack': { doc: 'Wait until the server has taken each batch: true or false.' },
  'fluentd-sub-second-precision': { doc: 'Send nanoseconds: true or false.' },
  'fluentd-async': { doc: 'Taken and without effect: a container never waits for fluentd.' },
  'fluentd-async-connect': { doc: 'As fluentd-async.' },
  'fluentd-buffer-limit': { doc: 'Taken and without effect: what cannot be sent waits on disk.' },
  'fluentd-retry-wait': { doc: 'Taken and without effect: retries come after 250 ms, doubling up to 30 s.' },
  'fluentd-max-retries': { doc: 'Taken and without effect: retries go on.' },
  ...ATTRIBUTE_OPTIONS,
  ...COMMON_LOG_OPTIONS,
};

/** Forwards each line as a record with the fields that Docker sets. */
@injectable()
export class FluentdLog extends SendingLog {
  constructor(@inject(KERNEL) kernel: Kernel, @inject(LOGGER) logger: Logger) {
    super('fluentd', FLUENTD_OPTIONS, kernel, logger);
  }

  protected checkValues(options: Options): void {
    parseAddress(options['fluentd-address']);
    sizeOption(options, 'fluentd-buffer-limit', 0);
    durationOption(options, 'fluentd-retry-wait', 0);
    countOption(options, 'fluentd-max-retries', 0, 0);
    for (const flag of ['fluentd-async', 'fluentd-async-connect', 'fluentd-request-ack', 'fluentd-sub-second-precision'])
      flagOption(options, flag, false);
    if (options['fluentd-async'] !== undefined && options['fluentd-async-connect'] !== undefined)
      throw new ShiplogError('SPEC_INVALID', "conflicting options: cannot specify both 'fluentd-async' and 'fluentd-async-connect'");
  }

  protected async connect({ id, options, subject }: Parameters<LogDriver['open']>[0]): Promise<OutputSink> {
    const { ForwardConnection } = await import('./forward.ts');
    const connection = await ForwardConnection.open(parseAddress(options['fluentd-address']), {
      tag: parseTag(options.tag ?? '{{.ID}}')(subject),
      acknowledged: flagOption(options, 'fluentd-request-ack', false),
      nanoseconds: flagOption(options, 'fluentd-sub-second-precision', false),
    });
    const fields = { container_id: id, container_name: `/${subject.name}`, ...attributesOf(options, subject) };
    return {
      write: (records, signal) =>
        connection.send(
          records.map((record) => ({ time: record.time, fields: { ...fields, ...fieldsOf(record) } })),
          signal,
        ),
      close: () => connection.close(),
    };
  }
}

function fieldsOf({ data, stream, part }: OutputRecord): { readonly [name: string]: string } {
  const line = data.at(-1) === 0x0a ? data.subarray(0, -1) : data;
  return {
    source: stream,
    log: Buffer.from(line).toString('utf8'),
    ...(part === undefined
      ? {}
      : { partial_message: 'true', partial_id: part.id, partial_ordinal: String(part.ordinal), partial_last: String(part.last) }),
  };
}
