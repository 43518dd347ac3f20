import { BODY, checkFrame, sealFrame } from './frame.ts';
import { LINK_BYTES } from './hash-link.ts';

/** The end of the log at some moment: position of the last event, and the link after it. */
export interface Mark {
  readonly seq: number;
  readonly link: Buffer;
}

/** Bytes of an encoded mark: version, CRC-32, seq (6 bytes, big-endian), link. */
export const MARK_BYTES = BODY + 6 + LINK_BYTES;

export function encodeMark(mark: Mark): Buffer {
  const bytes = Buffer.alloc(MARK_BYTES);
  bytes.writeUIntBE(mark.seq, BODY, 6);
  mark.link.copy(bytes, BODY + 6);
  sealFrame(bytes);
  return bytes;
}

/** Throws FrameError when the bytes are damaged or of a later version. */
export function decodeMark(bytes: Buffer): Mark {
  checkFrame(bytes, MARK_BYTES);
  return { seq: bytes.readUIntBE(BODY, 6), link: Buffer.from(bytes.subarray(BODY + 6, MARK_BYTES)) };
}
