import { type Hash } from './hash.ts';
import { largestPowerBelow, type TileReader, TileTree } from './tree.ts';

/**
 * Hashes that lead from leaf `index` to the root of the first `size` leaves: its sibling first, the root's child last
 * (RFC 6962, section 2.1.1). At most 53; 20 for a million leaves. Throws RangeError for an index that is not in the tree.
 */
export async function proveInclusion(index: number, size: number, read: TileReader): Promise<readonly Hash[]> {
  if (!Number.isSafeInteger(index) || index < 0 || index >= size) throw new RangeError(`leaf ${index} is not among ${size}`);
  const tree = new TileTree(size, read);
  const siblings: Promise<Hash>[] = [];
  let [from, to] = [0, size];
  while (to - from > 1) {
    const middle = from + largestPowerBelow(to - from);
    if (index < middle) {
      siblings.unshift(tree.rangeRoot(middle, to));
      to = middle;
    } else {
      siblings.unshift(tree.rangeRoot(from, middle));
      from = middle;
    }
  }
  return Promise.all(siblings);
}

/**
 * Hashes which show that the first `before` of `size` leaves are the same as in the tree of `before` leaves (RFC 6962, section
 * 2.1.2). Empty if `before` is 0 or `size`. Throws RangeError if it is more.
 */
export async function proveConsistency(before: number, size: number, read: TileReader): Promise<readonly Hash[]> {
  if (!Number.isSafeInteger(before) || before < 0 || before > size) throw new RangeError(`a tree of ${size} leaves never had ${before}`);
  if (before === 0 || before === size) return [];
  const tree = new TileTree(size, read);
  const hashes: Promise<Hash>[] = [];
  let [from, to] = [0, size];
  while (to !== before) {
    const middle = from + largestPowerBelow(to - from);
    if (before <= middle) {
      hashes.unshift(tree.rangeRoot(middle, to));
      to = middle;
    } else {
      hashes.unshift(tree.rangeRoot(from, middle));
      from = middle;
    }
  }
  // The subtree in which the old tree ends; who checks has its root if it is all of the old tree.
  if (from > 0) hashes.unshift(tree.rangeRoot(from, to));
  return Promise.all(hashes);
}
