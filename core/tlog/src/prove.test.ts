import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { Frontier } from './frontier.ts';
import { type Hash, leafHash } from './hash.ts';
import { entry, MemoryTree } from './memory-tree.test.double.ts';
import { proveConsistency, proveInclusion } from './prove.ts';
import { TlogError } from './tlog-error.ts';
import { TileTree } from './tree.ts';
import { verifyConsistency, verifyInclusion } from './verify.ts';

const test = suite('prove and verify');

const LARGEST = 66_000;
const tree = MemoryTree.of(LARGEST);
/** Roots of every size, by the frontier: another way to compute them. */
const roots: Hash[] = [];
const frontier = new Frontier();
for (let size = 0; size <= LARGEST; size++) {
  roots.push(frontier.root());
  if (size < LARGEST) frontier.append(leafHash(entry(size)));
}
const rootOf = (size: number): Hash => roots[size] ?? '';
const refused = (reason?: string) => (error: unknown) => error instanceof TlogError && (reason === undefined || error.reason === reason);

/** Sizes about where tiles and levels begin, and some between. */
const SIZES = [1, 2, 3, 5, 8, 127, 255, 256, 257, 511, 512, 513, 1000, 4097, 65_535, 65_536, 65_537, 65_793, 66_000];

test('given every size up to 600 and those where levels begin, when the root is read from tiles, then it is the one of the frontier', async () => {
  for (let size = 0; size <= 600; size++) assert.is(await new TileTree(size, tree.tile).root(), rootOf(size), `size ${size}`);
  for (const size of SIZES) assert.is(await new TileTree(size, tree.tile).root(), rootOf(size), `size ${size}`);
});

test('given every leaf of every small tree, when its inclusion is proven, then it verifies, and at no other place', async () => {
  for (let size = 1; size <= 40; size++) {
    for (let index = 0; index < size; index++) {
      const proof = await proveInclusion(index, size, tree.tile);
      const leaf = leafHash(entry(index));
      verifyInclusion({ index, size, leaf, root: rootOf(size), proof });
      for (let other = 0; other <= size; other++) {
        if (other === index) continue;
        assert.throws(() => verifyInclusion({ index: other, size, leaf, root: rootOf(size), proof }), refused());
      }
    }
  }
});

test('given large trees, when leaves at edges of tiles are proven, then they verify with at most one hash a level', async () => {
  for (const size of SIZES) {
    for (const index of [0, 1, 255, 256, size >> 1, size - 2, size - 1].filter((each) => each >= 0 && each < size)) {
      const proof = await proveInclusion(index, size, tree.tile);
      assert.ok(proof.length <= Math.ceil(Math.log2(size)));
      verifyInclusion({ index, size, leaf: leafHash(entry(index)), root: rootOf(size), proof });
    }
  }
});

test('given every pair of small sizes, when consistency is proven, then it verifies, and for no other old size', async () => {
  for (let size = 0; size <= 40; size++) {
    for (let before = 0; before <= size; before++) {
      const proof = await proveConsistency(before, size, tree.tile);
      verifyConsistency({ before, beforeRoot: rootOf(before), size, root: rootOf(size), proof });
      // That the new root is of `size` leaves is what the log signs: a proof alone cannot show it.
      for (const wrong of [before - 1, before + 1].filter((each) => each >= 0)) {
        assert.throws(
          () => verifyConsistency({ before: wrong, beforeRoot: rootOf(before), size, root: rootOf(size), proof }),
          refused(),
          `${before}..${size} as ${wrong}..${size}`,
        );
      }
    }
  }
});

test('given large trees, when consistency between them is proven, then it verifies', async () => {
  for (const before of SIZES) {
    for (const size of SIZES.filter((each) => each >= before)) {
      const proof = await proveConsistency(before, size, tree.tile);
      assert.ok(proof.length <= Math.ceil(Math.log2(size)) + 1);
      verifyConsistency({ before, beforeRoot: rootOf(before), size, root: rootOf(size), proof });
    }
  }
});

test('given proofs with a hash changed, swapped, dropped or added, when they are verified, then each is refused', async () => {
  const [index, before, size] = [300, 700, 1000];
  const inclusion = { index, size, leaf: leafHash(entry(index)), root: rootOf(size) };
  const consistency = { before, beforeRoot: rootOf(before), size, root: rootOf(size) };
  const wrong = (proof: readonly Hash[]): readonly (readonly Hash[])[] => [
    ...proof.map((_, at) => proof.toSpliced(at, 1)),
    ...proof.map((_, at) => proof.with(at, rootOf(1))),
    ...proof.slice(1).map((_, at) => proof.toSpliced(at, 2, proof[at + 1] ?? '', proof[at] ?? '')),
    [...proof, rootOf(1)],
    [rootOf(1), ...proof],
    [],
  ];
  for (const proof of wrong(await proveInclusion(index, size, tree.tile)))
    assert.throws(() => verifyInclusion({ ...inclusion, proof }), refused());
  for (const proof of wrong(await proveConsistency(before, size, tree.tile)))
    assert.throws(() => verifyConsistency({ ...consistency, proof }), refused());
});

test('given what is no index or size, when it is proven or verified, then that is refused', async () => {
  for (const index of [-1, 1.5, Number.NaN, 10, 2 ** 53]) {
    await proveInclusion(index, 10, tree.tile).then(
      () => assert.unreachable('it was not refused'),
      (error: unknown) => assert.instance(error, RangeError),
    );
    assert.throws(() => verifyInclusion({ index, size: 10, leaf: rootOf(1), root: rootOf(10), proof: [] }), refused('mismatch'));
  }
  await proveConsistency(11, 10, tree.tile).then(
    () => assert.unreachable('it was not refused'),
    (error: unknown) => assert.instance(error, RangeError),
  );
});

test('given a reader that cuts a tile, when a proof is made of it, then it is refused', async () => {
  const cut = async (...args: Parameters<typeof tree.tile>): Promise<Uint8Array> => (await tree.tile(...args)).subarray(0, -1);
  await proveInclusion(3, 1000, cut).then(
    () => assert.unreachable('it was not refused'),
    (error: unknown) => assert.ok(refused('malformed')(error)),
  );
});

test.run();
