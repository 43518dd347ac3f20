import assert from 'node:assert/strict';
import { mkdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type AddCheck, isThere, names, rejectsWith } from './lab.ts';
import { makeTar } from './tar.ts';

const HELLO = [{ path: 'hello', content: 'world' }];

/** From the first layer to the last removal, each verb once, twice, and undone before it is done. */
export function lifeCycleChecks(check: AddCheck): void {
  check('given an empty state, when it is observed, then there is nothing', async (lab) => {
    assert.deepEqual(await lab.driver.observe(), []);
  });
  check('given a tar, when it is applied, then the answer is its diff id and the bytes of its files', async (lab) => {
    const { source, diffId } = await lab.blob(makeTar([...HELLO, { path: 'more', content: '12345' }]));
    const answer = await lab.driver.applyLayer({ key: lab.layerKey(), diffId, source }, lab.ctx());
    assert.deepEqual([answer.diffId, answer.bytes], [diffId, 10]);
  });
  check('given a layer, when it is applied again, then the answer is the same and the blob is not needed', async (lab) => {
    const { source, diffId } = await lab.blob(makeTar(HELLO));
    const key = lab.layerKey();
    const first = await lab.driver.applyLayer({ key, diffId, source }, lab.ctx());
    assert.deepEqual(await lab.driver.applyLayer({ key, diffId, source: join(lab.scratch, 'gone') }, lab.ctx()), first);
  });
  check('given a layer, when its key is applied with another diff id, then it fails and the layer stays', async (lab) => {
    const key = await lab.layer(HELLO);
    const { source, diffId } = await lab.blob(makeTar([{ path: 'other' }]));
    await rejectsWith('DIGEST_MISMATCH', lab.driver.applyLayer({ key, diffId, source }, lab.ctx()));
    assert.deepEqual(await names(await lab.show(key)), ['hello']);
  });
  check('given no such layer, when a layer is applied on it, then it fails SNAPSHOT_NOT_FOUND without trace', async (lab) => {
    const { source, diffId } = await lab.blob(makeTar(HELLO));
    const key = lab.layerKey();
    await lab.failsWithoutTrace('SNAPSHOT_NOT_FOUND', () =>
      lab.driver.applyLayer({ key, parent: lab.layerKey(), diffId, source }, lab.ctx()),
    );
  });
  check('given no such layer, when a snapshot is prepared on it, then it fails SNAPSHOT_NOT_FOUND without trace', async (lab) => {
    await lab.failsWithoutTrace('SNAPSHOT_NOT_FOUND', () =>
      lab.driver.prepare({ key: lab.containerKey(), parent: lab.layerKey() }, lab.ctx()),
    );
  });
  check('given an active snapshot, when it is taken for a parent, then it fails SNAPSHOT_NOT_FOUND', async (lab) => {
    const key = lab.containerKey();
    await lab.driver.prepare({ key }, lab.ctx());
    await rejectsWith('SNAPSHOT_NOT_FOUND', lab.driver.prepare({ key: lab.containerKey(), parent: key }, lab.ctx()));
  });
  check('given a layer, when it is mounted itself, then it fails SNAPSHOT_NOT_FOUND and there is no target', async (lab) => {
    const key = await lab.layer(HELLO);
    const target = lab.target();
    await rejectsWith('SNAPSHOT_NOT_FOUND', lab.driver.mount({ key, target }, lab.ctx()));
    assert.equal(await isThere(target), false);
  });
  check('given no parent, when a snapshot is prepared and mounted, then it is empty and writable', async (lab) => {
    const root = await lab.show();
    assert.deepEqual(await names(root), []);
    await writeFile(join(root, 'new'), 'x');
    assert.deepEqual(await names(root), ['new']);
  });
  check('given no parent, when a snapshot is mounted, then others may enter its root', async (lab) => {
    assert.equal((await stat(await lab.show())).mode & 0o7777, 0o755);
  });
  check('given a prepared snapshot with changes, when it is prepared again, then the changes stay', async (lab) => {
    const key = lab.containerKey();
    const root = await lab.show(await lab.layer(HELLO), key);
    await writeFile(join(root, 'mine'), 'x');
    await lab.driver.prepare({ key }, lab.ctx());
    assert.deepEqual(await names(root), ['hello', 'mine']);
  });
  check('given a mounted snapshot, when it is mounted again, then the answer is the same and it is mounted once', async (lab) => {
    const key = lab.containerKey();
    await lab.driver.prepare({ key, parent: await lab.layer(HELLO) }, lab.ctx());
    const target = await lab.mount(key);
    const again = await lab.driver.mount({ key, target }, lab.ctx());
    assert.deepEqual(await lab.driver.mount({ key, target }, lab.ctx()), again);
    assert.ok((await lab.mountsAt(target)) <= 1);
  });
  check('given a snapshot, when it is mounted, then the answer says what was mounted where', async (lab) => {
    const key = lab.containerKey();
    await lab.driver.prepare({ key }, lab.ctx());
    const target = await lab.mount(key);
    const { mounts } = await lab.driver.mount({ key, target }, lab.ctx());
    assert.ok(mounts.length > 0);
    for (const mount of mounts) {
      assert.ok(mount.type.length > 0 && mount.source.length > 0 && Array.isArray(mount.options));
      assert.ok(mount.target === target || mount.target.startsWith(`${target}/`));
    }
  });
  check('given something else at the target, when a snapshot is mounted there, then it fails and that stays', async (lab) => {
    const [first, second] = [lab.containerKey(), lab.containerKey()];
    for (const key of [first, second]) await lab.driver.prepare({ key }, lab.ctx());
    const target = await lab.mount(first);
    await writeFile(join(target, 'first'), '');
    await assert.rejects(lab.driver.mount({ key: second, target }, lab.ctx()));
    assert.deepEqual(await names(target), ['first']);
  });
  check('given a mounted snapshot, when it is unmounted, then the target is gone and the content stays', async (lab) => {
    const key = lab.containerKey();
    const target = await lab.show(await lab.layer(HELLO), key);
    await writeFile(join(target, 'mine'), 'x');
    await lab.driver.unmount({ key, target }, lab.ctx());
    assert.equal(await isThere(target), false);
    assert.equal(await lab.mountsAt(target), 0);
    assert.deepEqual(await names(await lab.mount(key)), ['hello', 'mine']);
  });
  check('given nothing mounted, when a snapshot is unmounted once and twice, then that is well', async (lab) => {
    const key = lab.containerKey();
    const target = lab.target();
    await lab.driver.unmount({ key, target }, lab.ctx());
    await lab.driver.prepare({ key }, lab.ctx());
    await lab.driver.unmount({ key, target }, lab.ctx());
    await lab.driver.unmount({ key, target }, lab.ctx());
  });
  check('given a crash between directory and mount, when the snapshot is unmounted, then the empty target goes', async (lab) => {
    const key = lab.containerKey();
    const target = lab.target();
    await mkdir(target, { recursive: true });
    await lab.driver.unmount({ key, target }, lab.ctx());
    assert.equal(await isThere(target), false);
  });
  check('given no snapshot, when it is removed once and twice, then that is well', async (lab) => {
    const key = lab.containerKey();
    await lab.driver.remove({ key }, lab.ctx());
    await lab.driver.remove({ key }, lab.ctx());
  });
  check('given layer and snapshot, when they are removed, then nothing is left', async (lab) => {
    await lab.driver.remove({ key: lab.containerKey() }, lab.ctx());
    const before = await lab.footprint();
    const layer = await lab.layer(HELLO);
    const key = lab.containerKey();
    const target = await lab.show(layer, key);
    await writeFile(join(target, 'hello'), 'changed');
    await lab.driver.unmount({ key, target }, lab.ctx());
    await lab.driver.remove({ key }, lab.ctx());
    await lab.driver.remove({ key: layer }, lab.ctx());
    assert.deepEqual(await lab.driver.observe(), []);
    assert.deepEqual(await lab.footprint(), before);
  });
  check('given a mounted snapshot, when it is removed, then its mount goes too', async (lab) => {
    const key = lab.containerKey();
    const target = await lab.show(undefined, key);
    await lab.driver.remove({ key }, lab.ctx());
    assert.equal(await lab.mountsAt(target), 0);
    assert.deepEqual(await lab.driver.observe(), []);
  });
  check('given a removed snapshot, when its key is prepared again, then it is empty', async (lab) => {
    const key = lab.containerKey();
    await writeFile(join(await lab.show(undefined, key), 'old'), '');
    await lab.driver.remove({ key }, lab.ctx());
    assert.deepEqual(await names(await lab.show(undefined, key)), []);
  });
  check('given a removed layer, when it is applied again, then it is as before', async (lab) => {
    const { source, diffId } = await lab.blob(makeTar(HELLO));
    const key = lab.layerKey();
    for (const round of [1, 2]) {
      await lab.driver.applyLayer({ key, diffId, source }, lab.ctx());
      assert.deepEqual(await names(await lab.show(key)), ['hello'], `round ${round}`);
      if (round === 1) {
        for (const { resource, id } of await lab.driver.observe()) {
          if (resource === 'snapshot' && id !== key) await lab.driver.remove({ key: id }, lab.ctx());
        }
        await lab.driver.remove({ key }, lab.ctx());
      }
    }
  });
  check('given writes in an active snapshot, when another is prepared on the layer, then it does not see them', async (lab) => {
    const layer = await lab.layer([...HELLO, { path: 'dir', type: 'directory' }, { path: 'dir/file', content: 'a' }]);
    const first = await lab.show(layer);
    await writeFile(join(first, 'hello'), 'changed');
    await writeFile(join(first, 'dir/new'), 'x');
    const second = await lab.show(layer);
    assert.equal(await readFile(join(second, 'hello'), 'utf8'), 'world');
    assert.deepEqual(await names(join(second, 'dir')), ['file']);
  });
  check('given two snapshots on one layer, when one is removed, then the other is whole', async (lab) => {
    const layer = await lab.layer(HELLO);
    const key = lab.containerKey();
    await lab.driver.prepare({ key, parent: layer }, lab.ctx());
    const other = await lab.show(layer);
    await lab.driver.remove({ key }, lab.ctx());
    assert.equal(await readFile(join(other, 'hello'), 'utf8'), 'world');
  });
  check('given layers, snapshots and mounts, when they are observed, then each is listed once by its key', async (lab) => {
    const layer = await lab.layer(HELLO);
    const [shown, hidden] = [lab.containerKey(), lab.containerKey()];
    await lab.show(layer, shown);
    await lab.driver.prepare({ key: hidden, parent: layer }, lab.ctx());
    assert.deepEqual(await lab.observed(), [`snapshot ${layer}`, `snapshot ${shown}`, `snapshot ${hidden}`, `mount ${shown}`].toSorted());
  });
  check('given a restart, when the driver is observed and used, then everything is as it was', async (lab) => {
    const layer = await lab.layer(HELLO);
    const key = lab.containerKey();
    const target = await lab.show(layer, key);
    await writeFile(join(target, 'mine'), 'x');
    const before = await lab.observed();
    await lab.restart();
    assert.deepEqual(await lab.observed(), before);
    await lab.driver.mount({ key, target }, lab.ctx());
    assert.ok((await lab.mountsAt(target)) <= 1);
    assert.deepEqual(await names(target), ['hello', 'mine']);
    await lab.driver.unmount({ key, target }, lab.ctx());
    assert.equal(await isThere(target), false);
  });
  check('given a snapshot, when it is measured, then bytes and inodes are its own', async (lab) => {
    const key = lab.containerKey();
    const root = await lab.show(undefined, key);
    assert.deepEqual(await lab.driver.usage({ key }, lab.ctx()), { bytes: 0, inodes: 0 });
    await writeFile(join(root, 'a'), Buffer.alloc(1000));
    await mkdir(join(root, 'd'));
    assert.deepEqual(await lab.driver.usage({ key }, lab.ctx()), { bytes: 1000, inodes: 2 });
  });
  check('given hard links, when a layer is measured, then the file counts once', async (lab) => {
    const key = await lab.layer([
      { path: 'a', content: 'x'.repeat(500) },
      { path: 'b', type: 'hardlink', linkTarget: 'a' },
    ]);
    assert.deepEqual(await lab.driver.usage({ key }, lab.ctx()), { bytes: 500, inodes: 1 });
  });
  check('given no snapshot, when it is measured, then it fails SNAPSHOT_NOT_FOUND', async (lab) => {
    await rejectsWith('SNAPSHOT_NOT_FOUND', lab.driver.usage({ key: lab.containerKey() }, lab.ctx()));
  });
  check('given no snapshot, when it is mounted, then it fails SNAPSHOT_NOT_FOUND without trace', async (lab) => {
    await lab.failsWithoutTrace('SNAPSHOT_NOT_FOUND', () => lab.driver.mount({ key: lab.containerKey(), target: lab.target() }, lab.ctx()));
  });
  check('given the longest key allowed, when it lives its life, then nothing is too long', async (lab) => {
    const key = `k${'0'.repeat(254)}`;
    const target = await lab.show(undefined, key);
    assert.deepEqual(await lab.observed(), [`mount ${key}`, `snapshot ${key}`]);
    await lab.driver.unmount({ key, target }, lab.ctx());
    await lab.driver.remove({ key }, lab.ctx());
    assert.deepEqual(await lab.driver.observe(), []);
  });
}
