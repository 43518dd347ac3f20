import { crc32c } from '@node-rs/crc32';

/** LevelDB's files are damaged, or are not what they should be. */
export class FileDamageError extends Error {}

/** Reads LevelDB's numbers and strings one after the other. Throws FileDamageError past the end. */
export class ByteReader {
  readonly #bytes: Buffer;
  at: number;

  constructor(bytes: Buffer, at = 0) {
    this.#bytes = bytes;
    this.at = at;
  }

  get left(): number {
    return this.#bytes.length - this.at;
  }

  /** A base-128 number, the lowest seven bits first. */
  varint(): number {
    let value = 0;
    for (let factor = 1; factor < 2 ** 56; factor *= 128) {
      const byte = this.take(1)[0] ?? 0;
      value += (byte & 127) * factor;
      if (byte < 128) return value;
    }
    throw new FileDamageError('a number without an end');
  }

  uint32(): number {
    return this.take(4).readUInt32LE();
  }

  take(length: number): Buffer {
    if (length > this.left) throw new FileDamageError('cut');
    return this.#bytes.subarray(this.at, (this.at += length));
  }

  /** Bytes after their length. */
  slice(): Buffer {
    return this.take(this.varint());
  }
}

/** CRC-32C as LevelDB stores it: masked, because a checksum of bytes that hold checksums would be weak. */
export function maskedCrc(bytes: Buffer): number {
  const crc = crc32c(bytes);
  return (((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0;
}
