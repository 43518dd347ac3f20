/** The tar format as layers use it: ustar and pax (POSIX.1-2017, pax(1)), and GNU's long names (tar(5)). */
export const BLOCK_BYTES = 512;

/** Largest extended header that is read, in bytes. */
export const EXTENDED_LIMIT_BYTES = 1024 * 1024;

/** Where each field of a header block is: offset and length in bytes. */
export const FIELDS = {
  name: [0, 100],
  mode: [100, 8],
  uid: [108, 8],
  gid: [116, 8],
  size: [124, 12],
  mtime: [136, 12],
  checksum: [148, 8],
  type: [156, 1],
  linkName: [157, 100],
  magic: [257, 8],
  major: [329, 8],
  minor: [337, 8],
  prefix: [345, 155],
} as const satisfies Record<string, readonly [number, number]>;

/** The sum of a header block, its checksum field counted as spaces. */
export function checksumOf(block: Uint8Array): number {
  const [start, length] = FIELDS.checksum;
  let sum = length * 0x20;
  for (let at = 0; at < BLOCK_BYTES; at++) if (at < start || at >= start + length) sum += block[at]!;
  return sum;
}

/** Zero bytes that follow content of `size` bytes to fill its last block. */
export function paddingOf(size: number): number {
  return (BLOCK_BYTES - (size % BLOCK_BYTES)) % BLOCK_BYTES;
}

/**
 * An octal number, or GNU's base-256 one, in which the first byte is 0x80 (positive) or 0xff (negative); 0 for an empty field. Undefined for anything else, and for what
 * JavaScript does not count exactly.
 */
export function numberOf(bytes: Uint8Array): number | undefined {
  if (bytes[0]! >= 0x80) {
    let value = bytes[0] === 0xff ? -1n : BigInt(bytes[0]! & 0x7f);
    for (const byte of bytes.subarray(1)) value = value * 256n + BigInt(byte);
    const number = Number(value);
    return Number.isSafeInteger(number) ? number : undefined;
  }
  const match = /^[ \0]*([0-7]*)[ \0]*$/.exec(Buffer.from(bytes).toString('latin1'));
  if (match === null) return undefined;
  return match[1] === '' ? 0 : Number.parseInt(match[1]!, 8);
}

/** True when all bytes are zero. */
export function isZero(bytes: Uint8Array): boolean {
  return bytes.every((byte) => byte === 0);
}
