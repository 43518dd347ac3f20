import type { SealedRange } from '@shiplog/contracts';
import { BODY, checkFrame, FrameError, sealFrame } from '../stored/frame.ts';

/** That a range of events lies in an archive: the fact is in the database, under {@link archiveKey}. */
export type ArchiveRecord = SealedRange;

const DIGITS = 16;
const SIZE = BODY + 12;

/** Key of the record of the archive that begins at a position. */
export function archiveKey(first: number): string {
  return `a${String(first).padStart(DIGITS, '0')}`;
}

/** All keys of records of archives, and no other. */
export const ARCHIVE_KEYS = { gte: 'a', lt: 'b' } as const;

/** Name of an archive's file. */
export function archiveName({ first, last }: ArchiveRecord): string {
  return `${String(first).padStart(DIGITS, '0')}-${String(last).padStart(DIGITS, '0')}.zst`;
}

/** Position of the first event of an archive, from its file's name; undefined for what is no such name. */
export function firstOfName(name: string): number | undefined {
  const digits = /^(\d{16})-\d{16}\.zst$/.exec(name)?.[1];
  return digits === undefined ? undefined : Number(digits);
}

export function encodeRecord({ first, last }: ArchiveRecord): Buffer {
  const bytes = Buffer.alloc(SIZE);
  bytes.writeUIntBE(first, BODY, 6);
  bytes.writeUIntBE(last, BODY + 6, 6);
  sealFrame(bytes);
  return bytes;
}

/** Throws FrameError unless these are the bytes of a record. */
export function decodeRecord(bytes: Buffer): ArchiveRecord {
  checkFrame(bytes, SIZE);
  const record = { first: bytes.readUIntBE(BODY, 6), last: bytes.readUIntBE(BODY + 6, 6) };
  if (record.last < record.first) throw new FrameError('an archive ends before it begins');
  return record;
}
