import { EMPTY_ROOT, type Hash, nodeHash } from './hash.ts';
import { TlogError } from './tlog-error.ts';

/** Most hashes in a proof: one for each bit of a size. */
export const MAX_PROOF = 63;

export interface Inclusion {
  readonly index: number;
  readonly size: number;
  readonly leaf: Hash;
  readonly root: Hash;
  readonly proof: readonly Hash[];
}

/** Checks that `leaf` is leaf `index` of the tree with this size and root (RFC 9162, section 2.1.3.2). Throws TlogError. */
export function verifyInclusion({ index, size, leaf, root, proof }: Inclusion): void {
  if (!isCount(size) || !isCount(index) || index >= size) throw new TlogError('mismatch', `leaf ${index} is not among ${size}`);
  let [at, last, hash] = [index, size - 1, leaf];
  for (const sibling of proof) {
    if (last === 0) throw new TlogError('malformed', 'the inclusion proof is too long');
    if (at % 2 === 1 || at === last) {
      hash = nodeHash(sibling, hash);
      // The last node of a row that has no right sibling goes up as it is.
      while (at % 2 === 0 && at !== 0) [at, last] = [at / 2, half(last)];
    } else hash = nodeHash(hash, sibling);
    [at, last] = [half(at), half(last)];
  }
  if (last !== 0) throw new TlogError('malformed', 'the inclusion proof is too short');
  if (hash !== root) throw new TlogError('mismatch', `the inclusion proof of leaf ${index} does not lead to the root`);
}

export interface Consistency {
  readonly before: number;
  readonly beforeRoot: Hash;
  readonly size: number;
  readonly root: Hash;
  readonly proof: readonly Hash[];
}

/**
 * Checks that the tree of `before` leaves is the beginning of the one of `size` leaves (RFC 9162, section 2.1.4.2). The empty tree
 * is the beginning of every tree. Throws TlogError.
 */
export function verifyConsistency({ before, beforeRoot, size, root, proof }: Consistency): void {
  if (!isCount(size) || !isCount(before) || before > size) throw new TlogError('mismatch', `a tree of ${size} leaves never had ${before}`);
  if (before === 0 || before === size) {
    if (proof.length > 0) throw new TlogError('malformed', 'the consistency proof is too long');
    if (beforeRoot !== (before === 0 ? EMPTY_ROOT : root)) throw new TlogError('mismatch', `the trees of ${before} leaves differ`);
    return;
  }
  let [at, last] = [before - 1, size - 1];
  while (at % 2 === 1) [at, last] = [half(at), half(last)];
  // A perfect old tree is a subtree of the new one, and its root is known.
  const [first, ...others] = at === 0 ? [beforeRoot, ...proof] : proof;
  if (first === undefined) throw new TlogError('malformed', 'the consistency proof is empty');
  let [old, now] = [first, first];
  for (const hash of others) {
    if (last === 0) throw new TlogError('malformed', 'the consistency proof is too long');
    if (at % 2 === 1 || at === last) {
      [old, now] = [nodeHash(hash, old), nodeHash(hash, now)];
      while (at % 2 === 0 && at !== 0) [at, last] = [at / 2, half(last)];
    } else now = nodeHash(now, hash);
    [at, last] = [half(at), half(last)];
  }
  if (last !== 0) throw new TlogError('malformed', 'the consistency proof is too short');
  if (old !== beforeRoot) throw new TlogError('mismatch', `the consistency proof does not lead to the root of ${before} leaves`);
  if (now !== root) throw new TlogError('mismatch', `the consistency proof does not lead to the root of ${size} leaves`);
}

function half(value: number): number {
  return Math.floor(value / 2);
}

function isCount(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 0;
}
