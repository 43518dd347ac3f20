import { ShiplogError } from '@shiplog/contracts';

const PREFIX = 2;

/** A message with its length before it, as streams carry them (RFC 1035, 4.2.2). */
export function framed(message: Uint8Array): Uint8Array {
  const frame = Buffer.allocUnsafe(PREFIX + message.length);
  frame.writeUInt16BE(message.length, 0);
  frame.set(message, PREFIX);
  return frame;
}

/** The messages of a stream, which holds no more than one and a chunk at a time. Throws DRIVER_FAILED at one of more than `largest` bytes. */
export async function* messagesOf(chunks: AsyncIterable<Uint8Array>, largest: number): AsyncGenerator<Uint8Array> {
  let rest: Uint8Array = new Uint8Array();
  for await (const chunk of chunks) {
    const bytes = Buffer.concat([rest, chunk]);
    let start = 0;
    while (bytes.length - start >= PREFIX) {
      const length = bytes.readUInt16BE(start);
      if (length > largest)
        throw new ShiplogError('DRIVER_FAILED', `a message of ${length} bytes; at most ${largest} are read`, { length, largest });
      if (bytes.length - start < PREFIX + length) break;
      yield bytes.subarray(start + PREFIX, start + PREFIX + length);
      start += PREFIX + length;
    }
    rest = bytes.subarray(start);
  }
}
