import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Operation } from './operation.ts';
import { type DiskState, SimulatedDisk } from './simulated-disk.ts';

const test = suite('simulated disk');

const create = (path: string): Operation => ({ type: 'create', path, truncate: true });
const write = (path: string, text: string, at?: number): Operation => ({
  type: 'write',
  path,
  bytes: Buffer.from(text),
  ...(at === undefined ? {} : { at }),
});
const sync = (path: string): Operation => ({ type: 'sync', path });

function after(...operations: readonly Operation[]): SimulatedDisk {
  const disk = new SimulatedDisk();
  for (const operation of operations) disk.apply(operation);
  return disk;
}

function filesOf(state: DiskState): { readonly [path: string]: string } {
  return Object.fromEntries(state.files.map(({ path, bytes }) => [path, bytes.toString()]));
}

test('given bytes that were written and not synced, when power goes, then they are gone, and after a kill they are there', () => {
  const disk = after(create('/a'), write('/a', 'one'), sync('/a'), write('/a', 'two'));
  assert.equal(filesOf(disk.synced()), { '/a': 'one' });
  assert.equal(filesOf(disk.written()), { '/a': 'onetwo' });
});

test('given a name that was made or changed, when power goes before the next sync of anything, then it is as it was', () => {
  const before = after(create('/a'), sync('/a'), { type: 'rename', path: '/a', to: '/b' });
  assert.equal(filesOf(before.synced()), { '/a': '' });
  before.apply(create('/c'));
  before.apply(sync('/c'));
  assert.equal(filesOf(before.synced()), { '/b': '', '/c': '' });
});

test('given a write that was under way, when power goes, then any number of its sectors may be there', () => {
  const disk = after(create('/a'), write('/a', 'x'.repeat(512)), sync('/a'), write('/a', 'y'.repeat(2048)));
  assert.ok(disk.hasPending);
  assert.is(filesOf(disk.torn(0.5, false))['/a'], 'x'.repeat(512) + 'y'.repeat(1024));
  assert.is(filesOf(disk.torn(0.5, true))['/a'], 'x'.repeat(512) + 'y'.repeat(1024) + '\0'.repeat(1024));
});

test('given a file that was overwritten in its middle, when power goes, then what was synced is there', () => {
  const disk = after(create('/a'), write('/a', 'abcdef'), sync('/a'), write('/a', 'XY', 2));
  assert.equal(filesOf(disk.synced()), { '/a': 'abcdef' });
  assert.equal(filesOf(disk.written()), { '/a': 'abXYef' });
});

test('given a file that was removed, when somebody still writes to it, then it stays removed', () => {
  const disk = after(create('/a'), { type: 'unlink', path: '/a' }, write('/a', 'late'));
  assert.equal(filesOf(disk.written()), {});
});

test('given equal contents, when states are compared, then their keys are equal, and else not', () => {
  const disk = after(create('/a'), write('/a', 'one'), sync('/a'));
  const { key } = disk.synced();
  disk.apply(write('/a', 'two'));
  assert.is(disk.synced().key, key);
  assert.is.not(disk.written().key, key);
});

test.run();
