import { ShiplogError } from '@shiplog/contracts';

/** Records of a pax extended header (POSIX.1-2017, pax(1)): key → value bytes. An empty value deletes the key. */
export type PaxRecords = ReadonlyMap<string, Uint8Array>;

const SPACE = 0x20;
const NEWLINE = 0x0a;
const EQUALS = 0x3d;

/** Reads `length key=value\n` records. Throws ARCHIVE_INVALID for a record whose length does not fit. */
export function parsePax(bytes: Uint8Array): PaxRecords {
  const records = new Map<string, Uint8Array>();
  let at = 0;
  while (at < bytes.length) {
    const space = bytes.indexOf(SPACE, at);
    const digits = space === -1 ? '' : Buffer.from(bytes.subarray(at, space)).toString('latin1');
    if (!/^[1-9][0-9]{0,7}$/.test(digits)) throw broken();
    const end = at + Number(digits);
    const equals = bytes.indexOf(EQUALS, space);
    if (end > bytes.length || equals === -1 || equals >= end || bytes[end - 1] !== NEWLINE) throw broken();
    const key = Buffer.from(bytes.subarray(space + 1, equals)).toString('utf8');
    if (key === '' || key.includes('\0')) throw broken();
    records.set(key, bytes.subarray(equals + 1, end - 1));
    at = end;
  }
  return records;
}

/** Writes records in the order given. */
export function formatPax(records: PaxRecords): Uint8Array {
  return Buffer.concat([...records].map(([key, value]) => record(Buffer.from(`${key}=`), value)));
}

function record(key: Uint8Array, value: Uint8Array): Uint8Array {
  const rest = key.length + value.length + 2;
  // The length counts its own digits.
  let length = rest + String(rest).length;
  if (String(length).length !== length - rest) length = rest + String(length).length;
  return Buffer.concat([Buffer.from(`${length} `), key, value, Buffer.from('\n')]);
}

/** Seconds with a fraction, such as `1350244992.023960108`, as nanoseconds. Undefined when it is no such number. */
export function parsePaxTime(text: string): bigint | undefined {
  const match = /^(-?)([0-9]{1,12})(?:\.([0-9]{0,32}))?$/.exec(text);
  if (match === null) return undefined;
  const [, sign = '', seconds = '0', fraction = ''] = match;
  const ns = BigInt(seconds) * 1_000_000_000n + BigInt(fraction.slice(0, 9).padEnd(9, '0'));
  return sign === '-' ? -ns : ns;
}

/** The inverse of {@link parsePaxTime}. */
export function formatPaxTime(ns: bigint): string {
  const size = ns < 0n ? -ns : ns;
  const fraction = (size % 1_000_000_000n).toString().padStart(9, '0').replace(/0+$/, '');
  return `${ns < 0n ? '-' : ''}${size / 1_000_000_000n}${fraction === '' ? '' : `.${fraction}`}`;
}

function broken(): ShiplogError {
  return new ShiplogError('ARCHIVE_INVALID', 'the archive has a broken pax header');
}
