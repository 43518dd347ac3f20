import type { Write } from '../stored/database.ts';
import { archiveKey } from './archive-record.ts';
import type { ArchivingLevel } from './archiving-level.ts';
import { type Base, baseEntries } from './base.ts';
import { writeBaseCopy } from './base-copy.ts';

/** Position up to which whole archives can go for good, none of them with an event at or after `before`. */
export function prunable({ archives }: ArchivingLevel, before: number): number {
  return (archives.records.findLast(({ last }) => last < before)?.last ?? -1) + 1;
}

/**
 * Removes the archives that end before position `first`, for good. One atomic write says that the log begins at `first` and takes their records
 * away; the files go afterwards, at the latest when the log is opened again. `base` stands for what is gone; a copy of it lies beside the archives before.
 */
export async function prune({ archives }: ArchivingLevel, write: Write, first: number, base: Base): Promise<void> {
  const gone = archives.records.filter(({ last }) => last < first);
  await writeBaseCopy(archives.directory, first, base);
  await write([
    ...baseEntries(first, base).map(([key, value]) => ({ type: 'put' as const, key, value })),
    ...gone.map((record) => ({ type: 'del' as const, key: archiveKey(record.first) })),
  ]);
  await archives.drop(gone);
}
