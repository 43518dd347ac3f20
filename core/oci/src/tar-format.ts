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

/** True when all bytes are zero. */
export function isZero(bytes: Uint8Array): boolean {
  return bytes.every((byte) => byte === 0);
}
