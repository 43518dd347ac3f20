import type { SnapshotStore } from '@shiplog/contracts';
import { TreeEdge } from '@shiplog/tlog';

/** Kind of the snapshots that say up to where all was found whole: the tree's edge there. */
const KIND = 'verified-1';

/** The tree's edge at the last position up to which a verification found everything whole; undefined if there is none. */
export async function verifiedEdge(snapshots: SnapshotStore, last: number): Promise<TreeEdge | undefined> {
  const found = await snapshots.nearest(KIND, last);
  return found && TreeEdge.decode(found.seq + 1, found.bytes);
}

/** Keeps the edge of what was found whole, in place of earlier ones; without one, forgets that anything was. */
export async function keepVerifiedEdge(snapshots: SnapshotStore, edge: TreeEdge | undefined): Promise<void> {
  const seq = (edge?.size ?? 0) - 1;
  if (edge !== undefined && seq >= 0) await snapshots.put(KIND, { seq, bytes: edge.encode() });
  await snapshots.remove(
    KIND,
    (await snapshots.positions(KIND)).filter((each) => each !== seq),
  );
}
