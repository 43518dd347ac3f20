import { crc32 } from 'node:zlib';

/** Version of the stored form that this release writes, and the highest it reads. */
export const FORMAT_VERSION = 1;

/** Where the body of a frame begins: after one version byte and a big-endian CRC-32. */
export const BODY = 5;

/** Why stored bytes cannot be used. Stays inside this package: callers know the range and turn it into a ShiplogError. */
export class FrameError extends Error {
  readonly tooNew: boolean;

  constructor(reason: string, tooNew = false) {
    super(reason);
    this.tooNew = tooNew;
  }
}

/** Writes version byte and checksum over a frame whose body is complete. */
export function sealFrame(bytes: Buffer): void {
  bytes[0] = FORMAT_VERSION;
  bytes.writeUInt32BE(checksum(bytes), 1);
}

/**
 * Throws FrameError unless the frame is whole and of a version known here. Every version, also future ones, has the
 * checksum in this place over all other bytes; so a changed version byte is damage, and only a whole frame is too new.
 */
export function checkFrame(bytes: Buffer, least: number): void {
  if (bytes.length < BODY) throw new FrameError(`cut to ${bytes.length} bytes`);
  if (bytes.readUInt32BE(1) !== checksum(bytes)) throw new FrameError('checksum does not match');
  const version = bytes[0] ?? 0;
  if (version > FORMAT_VERSION) throw new FrameError(`format version ${version} is newer than ${FORMAT_VERSION}`, true);
  if (version !== FORMAT_VERSION) throw new FrameError(`format version ${version} was never released`);
  if (bytes.length < least) throw new FrameError(`cut to ${bytes.length} bytes`);
}

function checksum(bytes: Buffer): number {
  return crc32(bytes.subarray(BODY), crc32(bytes.subarray(0, 1)));
}
