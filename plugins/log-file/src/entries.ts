import type { LogRecord } from '@shiplog/contracts';
import type { Codec } from './codec.ts';

/** Field numbers and wire types of an entry (Protocol Buffers encoding): string source, varint time, bytes line, bool partial, message attribute. */
const SOURCE = 0x0a;
const TIME = 0x10;
const LINE = 0x1a;
const PARTIAL = 0x20;
const ATTRIBUTE = 0x32;
const NEWLINE = 0x0a;
/** No entry is longer: what says so is damage. */
const LONGEST = 1 << 24;

/**
 * The format of Docker's `local` driver: each entry is a Protocol Buffers message between its length and its length again
 * (32 bits, big endian), so that a file can be read from both ends. A line has no newline in it; one that is part of a longer one says so.
 */
export const entries: Codec = {
  encode({ time, stream, data, partial }, attributes) {
    const line = partial || data.at(-1) !== NEWLINE ? data : data.subarray(0, -1);
    const message = Buffer.concat([
      field(SOURCE, Buffer.from(stream)),
      Buffer.of(TIME, ...varint(BigInt(time))),
      field(LINE, line),
      ...(partial ? [Buffer.of(PARTIAL, 1)] : []),
      ...Object.entries(attributes).map(([name, value]) =>
        field(ATTRIBUTE, Buffer.concat([field(SOURCE, Buffer.from(name)), field(0x12, Buffer.from(value))])),
      ),
    ]);
    const framed = Buffer.allocUnsafe(message.length + 8);
    framed.writeUInt32BE(message.length, 0);
    message.copy(framed, 4);
    framed.writeUInt32BE(message.length, message.length + 4);
    return framed;
  },

  decode(bytes) {
    const records: LogRecord[] = [];
    let used = 0;
    while (used + 4 <= bytes.length) {
      const length = bytes.readUInt32BE(used);
      if (length > LONGEST) return { records, used: bytes.length };
      if (used + length + 8 > bytes.length) break;
      const record = parse(bytes.subarray(used + 4, used + 4 + length));
      if (record !== undefined) records.push(record);
      used += length + 8;
    }
    return { records, used };
  },

  async tail(file, size, wanted) {
    let [offset, count] = [size, 0];
    const length = Buffer.alloc(4);
    while (count < wanted && offset >= 8) {
      await file.read(length, 0, 4, offset - 4);
      const before = offset - length.readUInt32BE(0) - 8;
      if (before < 0) break;
      offset = before;
      count += 1;
    }
    return { offset, count };
  },
};

function parse(message: Buffer): LogRecord | undefined {
  let [stream, time, line, partial] = ['', 0n, Buffer.alloc(0), false];
  const attributes: Record<string, string> = {};
  for (const { tag, bytes, number } of fieldsOf(message)) {
    if (tag === SOURCE) stream = bytes.toString();
    else if (tag === TIME) time = number;
    else if (tag === LINE) line = Buffer.from(bytes);
    else if (tag === PARTIAL) partial = number !== 0n;
    else if (tag === ATTRIBUTE) {
      const [name, value] = [...fieldsOf(bytes)].map((one) => one.bytes.toString());
      if (name !== undefined) attributes[name] = value ?? '';
    }
  }
  if (time === 0n) return undefined;
  return {
    time: String(time),
    stream: stream === 'stderr' ? 'stderr' : 'stdout',
    data: partial ? line : Buffer.concat([line, Buffer.of(NEWLINE)]),
    partial,
    ...(Object.keys(attributes).length === 0 ? {} : { attributes }),
  };
}

/** The fields of a message; what follows something unreadable is left out. */
function* fieldsOf(message: Buffer): Generator<{ readonly tag: number; readonly bytes: Buffer; readonly number: bigint }> {
  let at = 0;
  const next = (): bigint | undefined => {
    let value = 0n;
    for (let shift = 0n; at < message.length; shift += 7n) {
      const byte = message[at++] ?? 0;
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
    return undefined;
  };
  while (at < message.length) {
    const tag = Number(next() ?? 0n);
    const number = next();
    if (number === undefined) return;
    if ((tag & 7) === 0) yield { tag, bytes: Buffer.alloc(0), number };
    else if ((tag & 7) === 2) {
      yield { tag, bytes: message.subarray(at, at + Number(number)), number: 0n };
      at += Number(number);
    } else return;
  }
}

function field(tag: number, bytes: Uint8Array): Buffer {
  return Buffer.concat([Buffer.of(tag, ...varint(BigInt(bytes.length))), bytes]);
}

function varint(value: bigint): number[] {
  const bytes: number[] = [];
  let rest = value;
  for (; rest > 0x7fn; rest >>= 7n) bytes.push(Number(rest & 0x7fn) | 0x80);
  bytes.push(Number(rest));
  return bytes;
}
