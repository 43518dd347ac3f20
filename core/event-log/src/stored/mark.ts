import { type Hash, HASH_BYTES, hashBytes, hashOf } from '@shiplog/tlog';
import { BODY, checkFrame, type FormatVersion, sealFrame } from './frame.ts';

/** The end of the log at some moment: position of the last event, and the hash over all events. */
export interface Mark {
  readonly seq: number;
  /** 1: the hash is the link after the event (see hash-link.ts). 2: it is the tree's root. */
  readonly format: FormatVersion;
  readonly hash: Hash;
}

/** Bytes of an encoded mark: version, CRC-32, seq (6 bytes, big-endian), hash. */
export const MARK_BYTES = BODY + 6 + HASH_BYTES;

export function encodeMark(seq: number, root: Hash): Buffer {
  const bytes = Buffer.alloc(MARK_BYTES);
  bytes.writeUIntBE(seq, BODY, 6);
  bytes.set(hashBytes(root), BODY + 6);
  sealFrame(bytes);
  return bytes;
}

/** Throws FrameError when the bytes are damaged or of a later version. */
export function decodeMark(bytes: Buffer): Mark {
  const format = checkFrame(bytes, MARK_BYTES);
  return { seq: bytes.readUIntBE(BODY, 6), format, hash: hashOf(bytes, BODY + 6) };
}
