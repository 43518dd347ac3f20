import { corrupt, refusal } from './corrupt.ts';
import { ENCODING, HEAD_KEY, type LogDatabase } from './database.ts';
import { GENESIS } from './hash-link.ts';
import { decodeMark, type Mark } from './mark.ts';
import { RawScan } from './raw-scan.ts';

/** The end of a log without events. */
export const EMPTY: Mark = { seq: -1, link: GENESIS };

/** The mark that the last batch left in the database. Throws LOG_CORRUPT when it is damaged, or gone while events are there. */
export async function readHead(db: LogDatabase): Promise<Mark> {
  const bytes = await db.get<string, Buffer>(HEAD_KEY, ENCODING);
  if (bytes !== undefined) {
    try {
      return decodeMark(bytes);
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
