import type { LogRecord } from '@shiplog/contracts';
import { frame } from '../../http/frame.ts';
import { rfc3339Fixed } from '../../translate/time.ts';

export interface LogFormat {
  /** Output comes in frames that name its stream. */
  readonly framed: boolean;
  readonly timestamps: boolean;
  /** Puts the record's attributes and a space first. */
  readonly details: boolean;
}

/** Turns log records into bytes for a client. A line in several records is stamped once, where it begins. */
export function logFormatter(format: LogFormat): (record: LogRecord) => Uint8Array {
  const continues = { stdout: false, stderr: false };
  return (record) => {
    const begins = !continues[record.stream];
    continues[record.stream] = record.partial;
    const prefix = begins
      ? `${format.timestamps ? `${rfc3339Fixed(record.time)} ` : ''}${format.details ? `${detailsOf(record)} ` : ''}`
      : '';
    const payload = prefix === '' ? record.data : Buffer.concat([Buffer.from(prefix), record.data]);
    return format.framed ? frame(record.stream === 'stdout' ? 1 : 2, payload) : payload;
  };
}

/** `name=value`, sorted, comma-separated, with what would be misread percent-encoded, as Docker writes them. */
function detailsOf({ attributes = {} }: LogRecord): string {
  return Object.entries(attributes)
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map((pair) => pair.map(encodeURIComponent).join('='))
    .join(',');
}
