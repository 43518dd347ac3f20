import { archiveKey, decodeRecord } from '../archive/archive-record.ts';
import { checkBase, isBaseKey } from '../archive/base.ts';
import { decodeHead } from '../stored/head.ts';
import { ENCODING, HEAD_KEY, type LogDatabase, segmentPosition, SYNCED } from '../stored/database.ts';
import { FrameError } from '../stored/frame.ts';
import { type FileDamage, salvage } from '../level-files/level-files.ts';
import { decodeTile } from '../log-tree.ts';
import type { Mark } from '../stored/mark.ts';
import { Segment } from '../stored/segment.ts';

/** Bytes gathered before they are written. */
const BATCH_BYTES = 4 * 1024 * 1024;

/** Copies what is whole of the log in a directory of LevelDB's, which is not open and is not changed, into an empty database. */
export async function salvageLog(directory: string, target: LogDatabase): Promise<readonly FileDamage[]> {
  let puts: { readonly type: 'put'; readonly key: string; readonly value: Buffer }[] = [];
  let bytes = 0;
  let head: { readonly mark: Mark; readonly value: Buffer } | undefined;
  const write = async (): Promise<void> => {
    await target.batch<string, Buffer>(puts, { ...ENCODING, ...SYNCED });
    puts = [];
    bytes = 0;
  };
  const damage = await salvage(directory, async ({ key, value }) => {
    if (value === undefined || !isWhole(key, value)) return;
    if (key === HEAD_KEY) {
      // The newest one is the one that counts, and each goes further than those before.
      const mark = decodeHead(value);
      if (head === undefined || mark.seq > head.mark.seq || (mark.seq === head.mark.seq && mark.format > head.mark.format))
        head = { mark, value };
      return;
    }
    puts.push({ type: 'put', key, value });
    bytes += value.length;
    if (bytes > BATCH_BYTES) await write();
  });
  if (head !== undefined) puts.push({ type: 'put', key: HEAD_KEY, value: head.value });
  await write();
  return damage;
}

function isWhole(key: string, value: Buffer): boolean {
  try {
    if (key === HEAD_KEY) decodeHead(value);
    else if (key.startsWith('t')) decodeTile(value);
    else if (isBaseKey(key)) checkBase(value);
    else if (key.startsWith('a')) return archiveKey(decodeRecord(value).first) === key;
    else return new Segment(value).first === segmentPosition(key);
    return true;
  } catch (error) {
    if (error instanceof FrameError) return false;
    throw error;
  }
}
