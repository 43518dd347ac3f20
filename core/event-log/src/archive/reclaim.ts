import { type LogDatabase, segmentKey, SYNCED } from '../stored/database.ts';

/** What LevelDB can do beyond abstract-level. */
interface Compactable {
  compactRange(start: string, end: string, options: typeof KEYS): Promise<void>;
}

const KEYS = { keyEncoding: 'utf8' } as const;

/**
 * Has LevelDB rewrite the tables that held segments `first` to before `end`, so that those that were deleted take no room and none of their bytes is
 * left: otherwise they stay until later writes happen to reach them. Other databases free their room as they do.
 */
export async function reclaim(db: LogDatabase, first: number, end: number): Promise<void> {
  if (!isCompactable(db)) return;
  const compact = (): Promise<void> => db.compactRange(segmentKey(first), segmentKey(end), KEYS);
  // What is in memory becomes a table, at the lowest level it may: LevelDB rewrites tables of the lowest level only where they meet one from above.
  await compact();
  const batch = db.batch();
  for (const seq of [first, end - 1]) batch.del<string>(segmentKey(seq), KEYS);
  await batch.write(SYNCED);
  await compact();
}

function isCompactable(db: LogDatabase): db is LogDatabase & Compactable {
  return db.supports.additionalMethods['compactRange'] === true;
}
