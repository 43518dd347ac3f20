import { crc32 } from 'node:zlib';

/** Version of the stored form that this release writes, and the highest it reads. */
export const FORMAT_VERSION = 2;

/** The versions that were released. 1: events are chained by hash links. 2: they are leaves of a Merkle tree. */
export type FormatVersion = 1 | 2;

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
export function sealFrame(bytes: Buffer, version: FormatVersion = FORMAT_VERSION): void {
  bytes[0] = version;
  bytes.writeUInt32BE(checksum(bytes), 1);
}

/**
 * Answers with the version of a frame. Throws FrameError unless it is whole, of a version known here and has `least` bytes.
 * Every version, also future ones, has the checksum in this place over all other bytes; so a changed version byte is damage,
 * and only a whole frame is too new.
 */
export function checkFrame(bytes: Buffer, least: number): FormatVersion {
  if (bytes.length < BODY) throw new FrameError(`cut to ${bytes.length} bytes`);
  if (bytes.readUInt32BE(1) !== checksum(bytes)) throw new FrameError('checksum does not match');
  const version = bytes[0] ?? 0;
  if (version > FORMAT_VERSION) throw new FrameError(`format version ${version} is newer than ${FORMAT_VERSION}`, true);
  if (version !== 1 && version !== 2) throw new FrameError(`format version ${version} was never released`);
  if (bytes.length < least) throw new FrameError(`cut to ${bytes.length} bytes`);
  return version;
}

/** Checksums of the first byte alone, as far as they were asked for. */
const firstSums: number[] = [];

function checksum(bytes: Buffer): number {
  const version = bytes[0] ?? 0;
  return crc32(bytes.subarray(BODY), (firstSums[version] ??= crc32(bytes.subarray(0, 1))));
}
