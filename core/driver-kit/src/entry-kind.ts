import type { EntryStats } from '@shiplog/contracts';

/** S_ISDIR (inode(7)). */
export function isDirectory({ mode }: EntryStats): boolean {
  return (mode & 0o170000n) === 0o040000n;
}
