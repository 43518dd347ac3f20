import type { TreeEntry } from '@shiplog/contracts';
import type { LaneCall } from './lane.ts';
import { FIELDS, type Walked } from './walk-ops.ts';

let last = 0;

/** Walks a tree in a kernel thread; see TreeCalls.walk. */
export async function* walkTree(call: LaneCall, root: string, depth: number): AsyncGenerator<readonly TreeEntry[], void, undefined> {
  const walk = ++last;
  await call('beginWalk', walk, root, depth);
  try {
    for (let next = call('walkOn', walk); ;) {
      const walked = await next;
      if (!walked.done) {
        // The thread goes on while these are looked at.
        next = call('walkOn', walk);
        next.catch(() => undefined);
      }
      yield entriesOf(walked);
      if (walked.done) return;
    }
  } finally {
    await call('endWalk', walk);
  }
}

function entriesOf({ paths, numbers }: Walked): readonly TreeEntry[] {
  return paths.map((path, index) => {
    const start = index * FIELDS.length;
    const [dev = 0n, ino = 0n, mode = 0n, nlink = 0n, uid = 0n, gid = 0n, rdev = 0n, size = 0n, mtimeNs = 0n, ctimeNs = 0n] =
      numbers.subarray(start, start + FIELDS.length);
    return mode === 0n ? { path } : { path, stats: { dev, ino, mode, nlink, uid, gid, rdev, size, mtimeNs, ctimeNs } };
  });
}
