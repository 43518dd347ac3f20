import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { MountInfo } from '@shiplog/contracts';
import { bindMountsOf, mountHolding } from './mount-table.ts';

const test = suite('driver-kit: mount table');

function mount(target: string, minor: number, root = '/'): MountInfo {
  return {
    id: 1,
    parent: 0,
    major: 8,
    minor,
    root,
    target,
    type: 'ext4',
    source: '/dev/sda1',
    options: [],
    superOptions: [],
    propagation: [],
  };
}

test('given mounts in mounts, when a path is looked for, then the nearest holds it, and the last of equals', () => {
  const [root, data, cover] = [mount('/', 1), mount('/data', 2), mount('/data', 3)];
  assert.is(mountHolding([root, data], '/data/x'), data);
  assert.is(mountHolding([root, data, cover], '/data/x'), cover);
  assert.is(mountHolding([root, data], '/database'), root);
});
test('given bind mounts, when those of a directory are asked for, then they are told by file system and path', () => {
  const table = [
    mount('/', 1),
    mount('/var', 2),
    mount('/run/a', 2, '/lib/state/a/tree'),
    mount('/run/same-path-elsewhere', 1, '/lib/state/a/tree'),
    mount('/run/other', 2, '/lib/statements'),
  ];
  assert.equal(bindMountsOf(table, '/var/lib/state'), [{ path: 'a/tree', target: '/run/a' }]);
});
test('given a directory on a bind mount itself, when its bind mounts are asked for, then the path inside the file system counts', () => {
  const table = [mount('/', 1), mount('/state', 2, '/srv/state'), mount('/run/a', 2, '/srv/state/active/a')];
  assert.equal(bindMountsOf(table, '/state/active'), [{ path: 'a', target: '/run/a' }]);
});

test.run();
