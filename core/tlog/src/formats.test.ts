import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { encodeBundle, entryHash, entryOf, MAX_ENTRY_BYTES, parseBundle } from './entry.ts';
import { leafHash } from './hash.ts';
import { newTiles, parseTilePath, type TileId, tilePath, tileWidth } from './tile-path.ts';
import { TlogError } from './tlog-error.ts';

const test = suite('tiles and entries');
const refused = (error: unknown): boolean => error instanceof TlogError && error.reason === 'malformed';

test('given tiles, when their paths are written and read, then they are those of C2SP tlog-tiles', () => {
  const paths: readonly (readonly [TileId, string])[] = [
    [{ level: 0, index: 0, width: 256 }, 'tile/0/000'],
    [{ level: 1, index: 1_234_067, width: 256 }, 'tile/1/x001/x234/067'],
    [{ level: 0, index: 273, width: 112 }, 'tile/0/273.p/112'],
    [{ level: 2, index: 1000, width: 1 }, 'tile/2/x001/000.p/1'],
    [{ level: 'entries', index: 999, width: 255 }, 'tile/entries/999.p/255'],
    [{ level: 63, index: 5, width: 256 }, 'tile/63/005'],
  ];
  for (const [id, path] of paths) {
    assert.is(tilePath(id), path);
    assert.equal(parseTilePath(path), id);
  }
});

test('given paths that are not written so, when they are read, then they are refused', () => {
  for (const path of [
    'tile/0/0',
    'tile/00/000',
    'tile/64/000',
    'tile/-1/000',
    'tile/0/x000/000',
    'tile/0/001/000',
    'tile/0/x001',
    'tile/0/000.p/0',
    'tile/0/000.p/256',
    'tile/0/000.p/01',
    'tile/0/000.p/',
    'tile/0/../000',
    'tile/entries/000/',
    '/tile/0/000',
    'tile/0/x999/x999/x999/x999/x999/x999/999',
    'tile/0/x999/x999/x999/x999/x999/999',
    'tile/0/000\n',
  ])
    assert.throws(() => parseTilePath(path), refused, path);
});

test("given the specification's tree of 70,000 leaves, when its tiles are listed, then there are as many as it says", () => {
  const tiles = [...newTiles(0, 70_000)];
  const count = (level: TileId['level'], width: number): number =>
    tiles.filter((tile) => tile.level === level && tile.width === width).length;
  assert.is(count(0, 256), 273);
  assert.is(count(0, 112), 1);
  assert.is(count(1, 256), 1);
  assert.is(count(1, 17), 1);
  assert.is(count(2, 1), 1);
  assert.is(count('entries', 256), 273);
  assert.is(count('entries', 112), 1);
  assert.is(tiles.length, 273 + 1 + 1 + 1 + 1 + 274);
  assert.is(tileWidth(1, 0, 256), 1);
});

test('given a tree that grows, when only new tiles are taken at each size, then the last of each name are all of the tree', () => {
  const key = ({ level, index }: TileId): string => `${level}/${index}`;
  for (const steps of [
    [1, 2, 255, 256, 257, 300, 70_000],
    [65_536, 65_536, 65_537],
    [0, 513],
  ]) {
    const taken = new Map<string, number>();
    let before = 0;
    for (const size of steps) {
      for (const tile of newTiles(before, size)) {
        assert.ok(tile.width > (taken.get(key(tile)) ?? 0), 'nothing is taken twice');
        taken.set(key(tile), tile.width);
      }
      before = size;
    }
    assert.equal(taken, new Map([...newTiles(0, before)].map((tile) => [key(tile), tile.width])));
  }
});

test('given entries, when they are bundled and read, then they are the same; a bundle that was cut is refused', () => {
  const entries = [Buffer.alloc(0), Buffer.from('a'), Buffer.alloc(MAX_ENTRY_BYTES, 'x')];
  const bundle = encodeBundle(entries);
  assert.is(bundle.length, 6 + 1 + MAX_ENTRY_BYTES);
  assert.equal(parseBundle(bundle), entries);
  for (const cut of [0, 1, 3, 4, 6, bundle.length - 1]) {
    if (cut === 2 || cut === 5) continue;
    assert.throws(() => parseBundle(bundle.subarray(0, cut)), refused, `cut to ${cut}`);
  }
  assert.throws(() => parseBundle(Buffer.alloc(2 * 257)), refused);
  assert.throws(() => encodeBundle([Buffer.alloc(MAX_ENTRY_BYTES + 1)]), RangeError);
});

test('given data larger than an entry may be, when it is logged, then its digest stands for it, and nothing else has its hash', () => {
  const most = Buffer.alloc(MAX_ENTRY_BYTES, '{');
  const large = Buffer.alloc(MAX_ENTRY_BYTES + 1, '{');
  assert.is(entryOf(most), most);
  assert.is(entryHash(most), leafHash(most));
  const text = Buffer.from(entryOf(large)).toString();
  assert.match(text, /^digest-entry\/v1\nsha256 [0-9a-f]{64}\nsize 65536\n$/);
  assert.is(entryHash(large), leafHash(Buffer.from(text)));
  assert.is(entryHash(Buffer.concat([Buffer.from('ab'), large]), 2), entryHash(large));
  large[9] = 0x7d;
  assert.is.not(Buffer.from(entryOf(large)).toString(), text);
});

test.run();
