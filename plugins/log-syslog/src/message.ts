import { hostname } from 'node:os';
import { ShiplogError } from '@shiplog/contracts';
import type { OutputRecord } from '@shiplog/driver-kit';

/** RFC 5424, section 6.2.1. */
const FACILITIES = [
  'kern',
  'user',
  'mail',
  'daemon',
  'auth',
  'syslog',
  'lpr',
  'news',
  'uucp',
  'cron',
  'authpriv',
  'ftp',
  ...Array.from({ length: 4 }, (_, index) => String(12 + index)),
  ...Array.from({ length: 8 }, (_, index) => `local${index}`),
];
const SEVERITIES = { stdout: 6, stderr: 3 };
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
/** APP-NAME and MSGID in RFC 5424: printable ASCII. */
const UNPRINTABLE = /[^\x21-\x7e]/g;

const FORMATS = ['', 'rfc3164', 'rfc5424', 'rfc5424micro'] as const;

export type Format = (typeof FORMATS)[number];

/** A facility's number by name or number; `daemon` if absent. Throws SPEC_INVALID. */
export function parseFacility(text = ''): number {
  if (text === '') return 3;
  const named = FACILITIES.indexOf(text);
  const number = named >= 0 ? named : Number(text);
  if (!/^\w+$/.test(text) || !Number.isInteger(number) || number < 0 || number > 23)
    throw new ShiplogError('SPEC_INVALID', 'invalid syslog facility');
  return number;
}

/** Throws SPEC_INVALID. */
export function parseFormat(text = ''): Format {
  const format = FORMATS.find((known) => known === text);
  if (format === undefined) throw new ShiplogError('SPEC_INVALID', 'Invalid syslog format');
  return format;
}

/**
 * One record as a syslog message. RFC 5424 as Docker fills it in: the tag is the application's name and the message's id.
 * Otherwise RFC 3164 (the BSD form); `local` leaves the host's name out, as syslog(3) does on the host's own socket.
 */
export function message(
  record: OutputRecord,
  { facility, tag, format, local }: { readonly facility: number; readonly tag: string; readonly format: Format; readonly local: boolean },
): Buffer {
  const priority = `<${facility * 8 + SEVERITIES[record.stream]}>`;
  const text = lineOf(record);
  const pid = process.pid;
  if (format === 'rfc5424' || format === 'rfc5424micro') {
    const name = tag.replaceAll(UNPRINTABLE, '_');
    const time = timestamp(record.time, format === 'rfc5424micro');
    return Buffer.concat([
      Buffer.from(`${priority}1 ${time} ${hostname()} ${name.slice(0, 48) || '-'} ${pid} ${name.slice(0, 32) || '-'} - `),
      text,
    ]);
  }
  return Buffer.concat([Buffer.from(`${priority}${bsdTime(record.time)} ${local ? '' : `${hostname()} `}${tag}[${pid}]: `), text]);
}

/** A line feed would begin a new message, and so would NUL for some. */
function lineOf({ data }: OutputRecord): Buffer {
  const line = data.at(-1) === 0x0a ? data.subarray(0, -1) : data;
  return Buffer.from(line).map((byte) => (byte === 0x0a || byte === 0 ? 0x20 : byte)) as Buffer;
}

/** RFC 3339 in UTC, whole seconds or microseconds. */
function timestamp(time: string, micro: boolean): string {
  const seconds = new Date(Number(time.slice(0, -9)) * 1000).toISOString().slice(0, 19);
  return micro ? `${seconds}.${time.slice(-9, -3)}Z` : `${seconds}Z`;
}

/** `Jan  2 15:04:05`, in the host's zone. */
function bsdTime(time: string): string {
  const at = new Date(Number(time.slice(0, -9)) * 1000);
  return `${MONTHS[at.getMonth()]} ${String(at.getDate()).padStart(2)} ${at.toTimeString().slice(0, 8)}`;
}
