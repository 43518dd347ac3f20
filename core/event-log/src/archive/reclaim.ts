import { type LogDatabase, segmentKey, type Write } from '../stored/database.ts';

/** What LevelDB can do beyond abstract-level. */
interface Compactable {
  compactRange(start: string, end: string, options: typeof KEYS): Promise<void>;
}

const KEYS = { keyEncoding: 'utf8' } as const;

/**
 * Has LevelDB rewrite the tables that held segments `first` to before `end`, so that those that were deleted take no room and none of their bytes is
 * left: otherwise they stay until later writes happen to reach them. Other databases free their room as they do.
 */
export async function reclaim(db: LogDatabase, write: Write, first: number, end: number): Promise<void> {
  if (!isCompactable(db)) return;
  const compact = (): Promise<void> => db.compactRange(segmentKey(first), segmentKey(end), KEYS);
  // What is in memory becomes a table, at the lowest level it may: LevelDB rewrites tables of the lowest level only where they meet one from above.
  await compact();
  await write([first, end - 1].map((seq) => ({ type: 'del', key: segmentKey(seq) })));
  await compact();
}

function isCompactable(db: LogDatabase): db is LogDatabase & Compactable {
  return db.supports.additionalMethods['compactRange'] === true;
}
