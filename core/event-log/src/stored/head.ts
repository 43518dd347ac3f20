import { EMPTY_ROOT, Frontier } from '@shiplog/tlog';
import { corrupt, refusal } from '../check/corrupt.ts';
import { ENCODING, HEAD_KEY, type LogDatabase } from './database.ts';
import { BODY, checkFrame, FrameError, sealFrame } from './frame.ts';
import { decodeMark, type Mark } from './mark.ts';
import { RawScan } from './raw-scan.ts';

const FRONTIER = BODY + 6;

/** The end of a log without events. */
export const EMPTY: Mark = { seq: -1, format: 2, hash: EMPTY_ROOT };

/** What every batch leaves under the head's key: version, CRC-32, position of the last event, and the tree's frontier. */
export function encodeHead(seq: number, frontier: Buffer): Buffer {
  const bytes = Buffer.allocUnsafeSlow(FRONTIER + frontier.length);
  bytes.writeUIntBE(seq, BODY, 6);
  bytes.set(frontier, FRONTIER);
  sealFrame(bytes);
  return bytes;
}

/** Throws FrameError when the bytes are damaged or of a later version. */
export function decodeHead(bytes: Buffer): Mark {
  if (checkFrame(bytes, FRONTIER) === 1) return decodeMark(bytes);
  const seq = bytes.readUIntBE(BODY, 6);
  try {
    return { seq, format: 2, hash: Frontier.decode(seq + 1, bytes.subarray(FRONTIER)).root() };
  } catch (error) {
    throw new FrameError(error instanceof Error ? error.message : String(error));
  }
}

/** The mark that the last batch left in the database. Throws LOG_CORRUPT when it is damaged, or gone while events are there. */
export async function readHead(db: LogDatabase): Promise<Mark> {
  const bytes = await db.get<string, Buffer>(HEAD_KEY, ENCODING);
  if (bytes !== undefined) {
    try {
      return decodeHead(bytes);
    } catch (error) {
      throw refusal(error, 0, 0);
    }
  }
  const scan = new RawScan(db, { first: 0, ahead: false, chunk: 1 });
  const found = await scan.next();
  await scan.close();
  if (found.length > 0) throw corrupt(0, 0, 'the mark of the last event is gone, so nothing tells where the log should end');
  return EMPTY;
}
