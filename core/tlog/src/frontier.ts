import { EMPTY_ROOT, type Hash, HASH_BYTES, hashBytes, hashOf, nodeHash } from './hash.ts';
import { TlogError } from './tlog-error.ts';

/**
 * The right edge of a Merkle tree (RFC 6962, section 2.1): the roots of the perfect subtrees that its leaves fall into, the
 * largest first, one for each 1 in the binary form of its size. That is all one needs to append and to tell the root.
 */
export class Frontier {
  #size: number;
  readonly #roots: Hash[];
  #root: Hash | undefined;

  /** A tree without leaves. */
  constructor();
  /** The tree of `size` leaves whose perfect subtrees have these roots. */
  constructor(size: number, roots: readonly Hash[]);
  constructor(size = 0, roots: readonly Hash[] = []) {
    this.#size = size;
    this.#roots = [...roots];
  }

  /** Reads what {@link encode} wrote of a tree of `size` leaves. Throws TlogError if these bytes cannot be its frontier. */
  static decode(size: number, bytes: Uint8Array): Frontier {
    if (!Number.isSafeInteger(size) || size < 0) throw new TlogError('malformed', `a tree cannot have ${size} leaves`);
    const count = ones(size);
    if (bytes.length !== count * HASH_BYTES)
      throw new TlogError('malformed', `the frontier of ${size} leaves has ${count * HASH_BYTES} bytes, not ${bytes.length}`);
    return new Frontier(
      size,
      Array.from({ length: count }, (_, index) => hashOf(bytes, index * HASH_BYTES)),
    );
  }

  /** Leaves so far. */
  get size(): number {
    return this.#size;
  }

  /** Roots of the perfect subtrees, the largest first. */
  get roots(): readonly Hash[] {
    return this.#roots;
  }

  /** Adds one leaf. Costs one hash on average. */
  append(leaf: Hash): void {
    let hash = leaf;
    for (let size = this.#size; size % 2 === 1; size = (size - 1) / 2) hash = nodeHash(this.#roots.pop() ?? '', hash);
    this.#roots.push(hash);
    this.#size++;
    this.#root = undefined;
  }

  /** Adds leaves in order. */
  appendAll(leaves: Iterable<Hash>): void {
    for (const leaf of leaves) this.append(leaf);
  }

  /** The tree's root. Costs a hash for each 1 in the size but one, so ask once a batch; asking again costs nothing. */
  root(): Hash {
    if (this.#root !== undefined) return this.#root;
    let at = this.#roots.length - 1;
    let root = this.#roots[at] ?? EMPTY_ROOT;
    while (at > 0) root = nodeHash(this.#roots[--at] ?? '', root);
    this.#root = root;
    return root;
  }

  /** The roots as bytes: 32 for each 1 in the size. Store the size beside them. */
  encode(): Buffer {
    return hashBytes(...this.#roots);
  }

  clone(): Frontier {
    return new Frontier(this.#size, this.#roots);
  }
}

function ones(size: number): number {
  let count = 0;
  for (let rest = size; rest > 0; rest = Math.floor(rest / 2)) count += rest % 2;
  return count;
}
