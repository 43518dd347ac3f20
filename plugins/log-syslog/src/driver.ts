import {
  ATTRIBUTE_OPTIONS,
  COMMON_LOG_OPTIONS,
  inject,
  injectable,
  KERNEL,
  LOGGER,
  type Logger,
  type OutputSink,
  parseTag,
  SendingLog,
} from '@shiplog/driver-kit';
import { type Kernel, type LogDriver, ShiplogError } from '@shiplog/contracts';
import { parseAddress } from './address.ts';
import { message, parseFacility, parseFormat } from './message.ts';

type Options = { readonly [option: string]: string };

/** Where syslog(3) writes. */
const HOST_SOCKET = 'unix:///dev/log';

export const SYSLOG_OPTIONS = {
  'syslog-address': { doc: 'udp, tcp, tcp+tls, unix or unixgram://… of the server; the host’s own socket if absent.' },
  'syslog-facility': { doc: 'Name or number of the facility (daemon).' },
  'syslog-format': { doc: 'rfc3164, rfc5424 or rfc5424micro.' },
  'syslog-tls-ca-cert': { doc: 'File with the certificate authority.' },
  'syslog-tls-cert': { doc: 'File with the client’s certificate.' },
  'syslog-tls-key': { doc: 'File with the client’s key.' },
  'syslog-tls-skip-verify': { doc: 'Do not verify the server’s certificate.' },
  ...ATTRIBUTE_OPTIONS,
  ...COMMON_LOG_OPTIONS,
};

/** Sends each line to a syslog server: stdout as informational, stderr as error. */
@injectable()
export class SyslogLog extends SendingLog {
  constructor(
    @inject(KERNEL) private readonly kernel: Kernel,
    @inject(LOGGER) logger: Logger,
  ) {
    super('syslog', SYSLOG_OPTIONS, kernel, logger);
  }

  protected checkValues(options: Options): void {
    parseAddress(options['syslog-address'] ?? HOST_SOCKET);
    parseFacility(options['syslog-facility']);
    parseFormat(options['syslog-format']);
    if ((options['syslog-tls-cert'] === undefined) !== (options['syslog-tls-key'] === undefined))
      throw new ShiplogError('SPEC_INVALID', 'syslog-tls-cert and syslog-tls-key go together');
  }

  protected async connect({ options, subject }: Parameters<LogDriver['open']>[0]): Promise<OutputSink> {
    const address = parseAddress(options['syslog-address'] ?? HOST_SOCKET);
    const format = parseFormat(options['syslog-format']);
    const local = address.protocol === 'unix' || address.protocol === 'unixgram';
    const as = { facility: parseFacility(options['syslog-facility']), tag: parseTag(options.tag ?? '{{.ID}}')(subject), format, local };
    const tls = {
      ca: options['syslog-tls-ca-cert'],
      cert: options['syslog-tls-cert'],
      key: options['syslog-tls-key'],
      skipVerify: options['syslog-tls-skip-verify'] !== undefined,
    };
    const { open } = await import('./connection.ts');
    const connection = await open(this.kernel, address, tls, address.protocol === 'tcp+tls' && format.startsWith('rfc5424'));
    return {
      write: (records, signal) =>
        connection.send(
          records.map((record) => message(record, as)),
          signal,
        ),
      close: () => connection.close(),
    };
  }
}
