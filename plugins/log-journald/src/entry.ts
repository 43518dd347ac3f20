import type { OutputRecord } from '@shiplog/driver-kit';

const PRIORITIES = { stdout: '6', stderr: '3' };

/**
 * An entry in the journal's native protocol (systemd, "Native Journal Protocol"): `NAME=value` and a newline; values that hold a newline, or
 * need not be text, as `NAME`, newline, length in 64 bits little endian, value, newline.
 */
export function entryOf(record: OutputRecord, fields: { readonly [name: string]: string }): Buffer {
  const line = record.data.at(-1) === 0x0a ? record.data.subarray(0, -1) : record.data;
  const { part } = record;
  return Buffer.concat([
    ...Object.entries(fields).map(([name, value]) => fieldOf(name, Buffer.from(value))),
    fieldOf('PRIORITY', Buffer.from(PRIORITIES[record.stream])),
    fieldOf('SYSLOG_TIMESTAMP', Buffer.from(rfc3339(record.time))),
    ...(part === undefined
      ? []
      : [
          fieldOf('CONTAINER_PARTIAL_MESSAGE', Buffer.from(String(!part.last))),
          fieldOf('CONTAINER_PARTIAL_ID', Buffer.from(part.id)),
          fieldOf('CONTAINER_PARTIAL_ORDINAL', Buffer.from(String(part.ordinal))),
          fieldOf('CONTAINER_PARTIAL_LAST', Buffer.from(String(part.last))),
        ]),
    // A line that never ended is told apart from one that did.
    ...(record.partial && part === undefined ? [fieldOf('CONTAINER_PARTIAL_MESSAGE', Buffer.from('true'))] : []),
    fieldOf('MESSAGE', line, true),
  ]);
}

/** A name as a field's: upper case, digits and underscores, not beginning with one. '' if nothing is left. */
export function fieldName(name: string): string {
  return name
    .toUpperCase()
    .replaceAll(/[^A-Z0-9]/g, '_')
    .replace(/^_+/, '');
}

function fieldOf(name: string, value: Uint8Array, binary = false): Buffer {
  if (!binary && !value.includes(0x0a)) return Buffer.concat([Buffer.from(`${name}=`), value, Buffer.from('\n')]);
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(value.length));
  return Buffer.concat([Buffer.from(`${name}\n`), length, value, Buffer.from('\n')]);
}

function rfc3339(time: string): string {
  return `${new Date(Number(time.slice(0, -9)) * 1000).toISOString().slice(0, 19)}.${time.slice(-9)}Z`;
}
