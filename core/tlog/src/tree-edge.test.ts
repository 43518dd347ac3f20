import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { TILE_WIDTH } from './entry.ts';
import { Frontier } from './frontier.ts';
import { leafHash } from './hash.ts';
import { entry, MemoryTree } from './memory-tree.test.double.ts';
import { type CompleteTile, TreeEdge } from './tree-edge.ts';

const test = suite('tree edge');

const SIZE = 66_000;
const tree = MemoryTree.of(SIZE);

test('given a tree that grows, when tiles become complete, then they are those of the whole tree, once each and in order', async () => {
  const edge = new TreeEdge();
  const tiles: CompleteTile[] = [];
  const frontier = new Frontier();
  for (let index = 0; index < SIZE; index++) {
    const leaf = leafHash(entry(index));
    edge.append(leaf, (tile) => tiles.push(tile));
    frontier.append(leaf);
    if (index % 997 === 0) assert.is(edge.root(), frontier.root());
  }
  assert.is(edge.root(), frontier.root());
  assert.equal(edge.frontier().encode(), frontier.encode());
  const count = (level: number): number => tiles.filter((tile) => tile.level === level).length;
  assert.is(count(0), Math.floor(SIZE / TILE_WIDTH));
  assert.is(count(1), 1);
  for (const { level, index, bytes } of tiles) assert.equal(bytes, Buffer.from(await tree.tile(level, index, TILE_WIDTH)));
  assert.equal(edge.open(0, SIZE % TILE_WIDTH), Buffer.from(await tree.tile(0, Math.floor(SIZE / TILE_WIDTH), 1)));
});

test('given an edge that was written and read, when it grows, then it goes on as the one before', () => {
  for (const size of [0, 1, 255, 256, 257, 65_535, 65_536, 65_537]) {
    const edge = new TreeEdge();
    for (let index = 0; index < size; index++) edge.append(leafHash(entry(index)), () => undefined);
    const read = TreeEdge.decode(size, edge.encode());
    assert.ok(read !== undefined);
    const completed: number[] = [];
    for (let index = size; index < size + 300; index++) {
      edge.append(leafHash(entry(index)), () => undefined);
      read.append(leafHash(entry(index)), (tile) => completed.push(tile.level));
    }
    assert.is(read.root(), edge.root());
    assert.ok(completed.includes(0));
    assert.is(TreeEdge.decode(size + 1, read.encode()), undefined);
  }
  assert.is(TreeEdge.decode(3, Buffer.alloc(95)), undefined);
});

test.run();
