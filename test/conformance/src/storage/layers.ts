import assert from 'node:assert/strict';
import { lstat, readFile, readlink, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { type AddCheck, isThere, names } from './lab.ts';
import { DEFAULT_MTIME_NS, makeTar } from './tar.ts';

/** What a layer's tar says, the tree shows; and what it deletes is gone. */
export function layerChecks(check: AddCheck): void {
  check('given a file, when its layer is shown, then content, owner, mode and time to the nanosecond are kept', async (lab) => {
    const mtimeNs = 1_234_567_890_123_456_789n;
    const root = await lab.show(await lab.layer([{ path: 'f', content: 'text', uid: 1234, gid: 5678, mode: 0o640, mtimeNs }]));
    const stats = await lstat(join(root, 'f'), { bigint: true });
    assert.deepEqual(
      [stats.uid, stats.gid, stats.mode & 0o7777n, stats.mtimeNs, await readFile(join(root, 'f'), 'utf8')],
      [1234n, 5678n, 0o640n, mtimeNs, 'text'],
    );
  });
  check('given setuid, setgid and sticky bits, when their layer is shown, then they are kept', async (lab) => {
    const root = await lab.show(
      await lab.layer([
        { path: 'suid', mode: 0o4755, uid: 7 },
        { path: 'sgid', mode: 0o2755, gid: 8 },
        { path: 'tmp', type: 'directory', mode: 0o1777 },
        { path: 'shared', type: 'directory', mode: 0o2775, gid: 9 },
      ]),
    );
    const modes = await Promise.all(['suid', 'sgid', 'tmp', 'shared'].map(async (name) => (await lstat(join(root, name))).mode & 0o7777));
    assert.deepEqual(modes, [0o4755, 0o2755, 0o1777, 0o2775]);
  });
  check('given a setgid directory, when files lie in it, then their group is what the tar says', async (lab) => {
    const root = await lab.show(
      await lab.layer([
        { path: 'shared', type: 'directory', mode: 0o2775, gid: 9 },
        { path: 'shared/f', gid: 0 },
        { path: 'shared/d', type: 'directory', gid: 0, mode: 0o755 },
      ]),
    );
    assert.equal((await lstat(join(root, 'shared/f'))).gid, 0);
    const inner = await lstat(join(root, 'shared/d'));
    assert.deepEqual([inner.gid, inner.mode & 0o7777], [0, 0o755]);
  });
  check('given character and block devices, when their layer is shown, then their numbers are kept', async (lab) => {
    const root = await lab.show(
      await lab.layer([
        { path: 'null', type: 'char', major: 1, minor: 3, mode: 0o666 },
        { path: 'disk', type: 'block', major: 7, minor: 300, mode: 0o660, gid: 6 },
      ]),
    );
    const [char, block] = await Promise.all([lstat(join(root, 'null')), lstat(join(root, 'disk'))]);
    assert.ok(char.isCharacterDevice() && block.isBlockDevice());
    assert.deepEqual([char.rdev, char.mode & 0o7777], [0x103, 0o666]);
    // makedev(7, 300): the minor's low byte, the major, the minor's rest.
    assert.deepEqual([block.rdev, block.mode & 0o7777, block.gid], [0x10072c, 0o660, 6]);
  });
  check('given a fifo, when its layer is shown, then it is one', async (lab) => {
    const root = await lab.show(await lab.layer([{ path: 'pipe', type: 'fifo', mode: 0o622, uid: 3 }]));
    const stats = await lstat(join(root, 'pipe'));
    assert.ok(stats.isFIFO());
    assert.deepEqual([stats.mode & 0o7777, stats.uid], [0o622, 3]);
  });
  check('given extended attributes, when their layer is shown, then they are kept, file capabilities too', async (lab) => {
    // VFS_CAP_REVISION_2 with CAP_NET_RAW, effective: what ping has (capabilities(7), "File capability extended attribute").
    const capability = Buffer.from('0100000200200000000000000000000000000000', 'hex');
    const root = await lab.show(
      await lab.layer([
        { path: 'ping', mode: 0o755, uid: 5, content: 'x', xattrs: { 'security.capability': capability, 'user.note': 'héllo\u0000world' } },
        { path: 'dir', type: 'directory', xattrs: { 'user.dir': 'd' } },
      ]),
    );
    assert.deepEqual(Buffer.from((await lab.kernel.files.getXattr(join(root, 'ping'), 'security.capability')) ?? []), capability);
    assert.equal(Buffer.from((await lab.kernel.files.getXattr(join(root, 'ping'), 'user.note')) ?? []).toString(), 'héllo\u0000world');
    assert.equal(Buffer.from((await lab.kernel.files.getXattr(join(root, 'dir'), 'user.dir')) ?? []).toString(), 'd');
  });
  check('given hard links across directories, when their layer is shown, then they are one file', async (lab) => {
    const root = await lab.show(
      await lab.layer([
        { path: 'a', type: 'directory' },
        { path: 'a/one', content: 'same', mode: 0o4711 },
        { path: 'b', type: 'directory' },
        { path: 'b/two', type: 'hardlink', linkTarget: 'a/one', mode: 0o4711 },
        { path: 'three', type: 'hardlink', linkTarget: './b/two', mode: 0o4711 },
      ]),
    );
    const [one, two, three] = await Promise.all(['a/one', 'b/two', 'three'].map((path) => lstat(join(root, path))));
    assert.deepEqual([two?.ino, three?.ino, one?.nlink], [one?.ino, one?.ino, 3]);
    assert.equal((one?.mode ?? 0) & 0o7777, 0o4711);
  });
  check('given a hard link to a symbolic link, when its layer is shown, then the link itself has two names', async (lab) => {
    const root = await lab.show(
      await lab.layer([
        { path: 's', type: 'symlink', linkTarget: 'nowhere' },
        { path: 't', type: 'hardlink', linkTarget: 's' },
      ]),
    );
    assert.equal(await readlink(join(root, 't')), 'nowhere');
  });
  check('given a hard link into a lower layer, when its layer is shown, then it has that content', async (lab) => {
    const below = await lab.layer([{ path: 'a', content: 'below', uid: 11 }]);
    const root = await lab.show(await lab.layer([{ path: 'b', type: 'hardlink', linkTarget: 'a' }], below));
    assert.equal(await readFile(join(root, 'b'), 'utf8'), 'below');
    assert.equal((await lstat(join(root, 'b'))).uid, 11);
  });
  check('given a symbolic link, when its layer is shown, then target, owner and time are kept', async (lab) => {
    const mtimeNs = 1_111_111_111_000_000_000n;
    const root = await lab.show(await lab.layer([{ path: 'l', type: 'symlink', linkTarget: '/no/such', uid: 42, gid: 43, mtimeNs }]));
    const stats = await lstat(join(root, 'l'), { bigint: true });
    assert.deepEqual([await readlink(join(root, 'l')), stats.uid, stats.gid, stats.mtimeNs], ['/no/such', 42n, 43n, mtimeNs]);
  });
  check('given directories with times, when files are made in them later, then the times are kept', async (lab) => {
    const mtimeNs = 1_222_222_222_000_000_003n;
    const root = await lab.show(
      await lab.layer([
        { path: 'd', type: 'directory', mtimeNs },
        { path: 'd/e', type: 'directory', mtimeNs: mtimeNs + 1n },
        { path: 'd/e/f', content: 'x' },
      ]),
    );
    assert.equal((await lstat(join(root, 'd'), { bigint: true })).mtimeNs, mtimeNs);
    assert.equal((await lstat(join(root, 'd/e'), { bigint: true })).mtimeNs, mtimeNs + 1n);
  });
  check('given a read-only directory, when files lie in it, then they are written all the same', async (lab) => {
    const root = await lab.show(
      await lab.layer([
        { path: 'ro', type: 'directory', mode: 0o555 },
        { path: 'ro/f', content: 'x', mode: 0o400 },
      ]),
    );
    assert.equal(await readFile(join(root, 'ro/f'), 'utf8'), 'x');
    assert.equal((await lstat(join(root, 'ro'))).mode & 0o777, 0o555);
  });
  check("given a layer that names its root, when it is shown, then the root has that layer's mode and owner", async (lab) => {
    const below = await lab.layer([{ path: './', type: 'directory', mode: 0o1750, uid: 21, gid: 22 }]);
    for (const layer of [below, await lab.layer([{ path: 'x' }], below)]) {
      const root = await stat(await lab.show(layer));
      assert.deepEqual([root.mode & 0o7777, root.uid, root.gid], [0o1750, 21, 22]);
    }
  });
  check('given files in directories that no entry makes, when the layer is shown, then the directories are there', async (lab) => {
    const root = await lab.show(await lab.layer([{ path: 'a/b/c', content: 'x' }]));
    assert.equal(await readFile(join(root, 'a/b/c'), 'utf8'), 'x');
    assert.equal((await lstat(join(root, 'a'))).mode & 0o7777, 0o755);
  });
  check('given a lower directory that the upper layer takes for granted, when it is shown, then its mode and owner stay', async (lab) => {
    const below = await lab.layer([{ path: 'tmp', type: 'directory', mode: 0o1777, uid: 5 }]);
    const root = await lab.show(await lab.layer([{ path: 'tmp/x', content: 'x' }], below));
    const stats = await lstat(join(root, 'tmp'));
    assert.deepEqual([stats.mode & 0o7777, stats.uid], [0o1777, 5]);
  });
  check('given a lower symbolic link to a directory, when the upper layer writes beneath it, then the directory has it', async (lab) => {
    const below = await lab.layer([
      { path: 'usr/lib', type: 'directory' },
      { path: 'lib', type: 'symlink', linkTarget: 'usr/lib' },
    ]);
    const root = await lab.show(await lab.layer([{ path: 'lib/x', content: 'x' }], below));
    assert.ok((await lstat(join(root, 'lib'))).isSymbolicLink());
    assert.equal(await readFile(join(root, 'usr/lib/x'), 'utf8'), 'x');
  });
  check('given a tar under gzip or zstd, when it is applied, then it is as the plain one', async (lab) => {
    const tar = makeTar([{ path: 'f', content: 'packed' }]);
    for (const packed of [gzipSync(tar), zstdCompressSync(tar)]) {
      const { source, diffId } = await lab.blob(packed, tar);
      const key = lab.layerKey();
      await lab.driver.applyLayer({ key, diffId, source }, lab.ctx());
      assert.equal(await readFile(join(await lab.show(key), 'f'), 'utf8'), 'packed');
    }
  });
  check(
    'given a layer, when it is applied, then what is told of its blob is so; by another blob, then what it was made from is told',
    async (lab) => {
      const tar = makeTar([{ path: 'f', content: 'packed' }]);
      const key = lab.layerKey();
      const [made, later] = ['1', '2'].map((digit) => `sha256:${digit.repeat(64)}`) as [string, string];
      for (const [digest, packed] of [
        [made, gzipSync(tar)],
        [made, gzipSync(tar)],
        [later, zstdCompressSync(tar)],
      ] as const) {
        const { source, diffId } = await lab.blob(packed, tar);
        const answer = await lab.driver.applyLayer({ key, diffId, source, digest }, lab.ctx());
        assert.deepEqual([answer.digest ?? made, answer.tarBytes ?? tar.byteLength], [made, tar.byteLength]);
      }
    },
  );
  check('given an empty tar, when it is applied, then the layer shows its parent', async (lab) => {
    const layer = await lab.layer([], await lab.layer([{ path: 'f' }]));
    assert.deepEqual(await names(await lab.show(layer)), ['f']);
  });
  check('given a file larger than any buffer and many small ones, when they are applied, then all content is kept', async (lab) => {
    const big = Buffer.alloc(3 * 1024 * 1024 + 17, 'shiplog');
    const small = Array.from({ length: 400 }, (_, index) => ({ path: `d${index % 7}/f${index}`, content: `content ${index}` }));
    const root = await lab.show(await lab.layer([...small.slice(0, 200), { path: 'big', content: big }, ...small.slice(200)]));
    assert.ok(big.equals(await readFile(join(root, 'big'))));
    for (const { path, content } of small) assert.equal(await readFile(join(root, path), 'utf8'), content);
  });
  check('given odd names, when they are applied, then they are kept', async (lab) => {
    const odd = ['sp ace', 'new\nline', 'ünïcødé', 'com,ma', 'co:lon', 'back\\slash', '.hidden', '-dash', `long-${'x'.repeat(200)}`];
    const root = await lab.show(await lab.layer(odd.map((path) => ({ path, content: path }))));
    assert.deepEqual(await names(root), odd.toSorted());
  });
  check('given one name twice in a layer, when it is shown, then the last one holds', async (lab) => {
    const root = await lab.show(
      await lab.layer([
        { path: 'f', content: 'first' },
        { path: 'f', content: 'second' },
      ]),
    );
    assert.equal(await readFile(join(root, 'f'), 'utf8'), 'second');
  });
  check('given a lower file of each kind, when the upper layer has another kind, then that replaces it', async (lab) => {
    const below = await lab.layer([
      { path: 'dir-file/deep/x', content: 'x' },
      { path: 'file-dir', content: 'x' },
      { path: 'link-dir', type: 'symlink', linkTarget: 'keep' },
      { path: 'keep/kept', content: 'x' },
      { path: 'file-link', content: 'x' },
    ]);
    const root = await lab.show(
      await lab.layer(
        [
          { path: 'dir-file', content: 'now a file' },
          { path: 'file-dir', type: 'directory' },
          { path: 'file-dir/y', content: 'y' },
          { path: 'link-dir', type: 'directory' },
          { path: 'link-dir/z', content: 'z' },
          { path: 'file-link', type: 'symlink', linkTarget: 'keep' },
        ],
        below,
      ),
    );
    assert.equal(await readFile(join(root, 'dir-file'), 'utf8'), 'now a file');
    assert.deepEqual(await names(join(root, 'file-dir')), ['y']);
    assert.deepEqual(await names(join(root, 'link-dir')), ['z']);
    assert.deepEqual(await names(join(root, 'keep')), ['kept']);
    assert.equal(await readlink(join(root, 'file-link')), 'keep');
  });
  check('given a lower directory, when the upper layer has it too, then they merge and the upper attributes hold', async (lab) => {
    const below = await lab.layer([
      { path: 'd', type: 'directory', mode: 0o700 },
      { path: 'd/low', content: 'x' },
    ]);
    const root = await lab.show(
      await lab.layer(
        [
          { path: 'd', type: 'directory', mode: 0o750, uid: 4 },
          { path: 'd/up', content: 'x' },
        ],
        below,
      ),
    );
    assert.deepEqual(await names(join(root, 'd')), ['low', 'up']);
    const stats = await lstat(join(root, 'd'), { bigint: true });
    assert.deepEqual([stats.mode & 0o7777n, stats.uid, stats.mtimeNs], [0o750n, 4n, DEFAULT_MTIME_NS]);
  });
  check('given whiteouts of a file, a directory and nothing, when the layer is shown, then those are gone', async (lab) => {
    const below = await lab.layer([{ path: 'f' }, { path: 'd/x' }, { path: 'd/e/y' }, { path: 'keep' }, { path: 'k/a' }, { path: 'k/b' }]);
    const root = await lab.show(
      await lab.layer([{ path: '.wh.f' }, { path: '.wh.d' }, { path: '.wh.never' }, { path: 'k/.wh.a' }, { path: 'no/such/.wh.x' }], below),
    );
    assert.deepEqual(
      (await names(root)).filter((name) => name !== 'no'),
      ['k', 'keep'],
    );
    assert.deepEqual(await names(join(root, 'k')), ['b']);
  });
  check(
    'given a whiteout and the same name in one layer, when it is shown, then only the new one is there, in either order',
    async (lab) => {
      const below = await lab.layer([{ path: 'd/old' }, { path: 'e/old' }, { path: 'f', content: 'old' }]);
      const root = await lab.show(
        await lab.layer(
          [
            { path: '.wh.d' },
            { path: 'd', type: 'directory' },
            { path: 'd/new' },
            { path: 'e', type: 'directory' },
            { path: 'e/new' },
            { path: '.wh.e' },
            { path: 'f', content: 'new' },
            { path: '.wh.f' },
          ],
          below,
        ),
      );
      assert.deepEqual(await names(join(root, 'd')), ['new']);
      assert.deepEqual(await names(join(root, 'e')), ['new']);
      assert.equal(await readFile(join(root, 'f'), 'utf8'), 'new');
    },
  );
  check('given an opaque directory, when it is shown, then nothing of the lower layers is in it, in either order', async (lab) => {
    const below = await lab.layer([{ path: 'first/old' }, { path: 'last/old/deep' }, { path: 'last/both/old' }]);
    const root = await lab.show(
      await lab.layer(
        [
          { path: 'first', type: 'directory' },
          { path: 'first/.wh..wh..opq' },
          { path: 'first/new' },
          { path: 'last', type: 'directory' },
          { path: 'last/both', type: 'directory' },
          { path: 'last/both/new' },
          { path: 'last/.wh..wh..opq' },
        ],
        below,
      ),
    );
    assert.deepEqual(await names(join(root, 'first')), ['new']);
    assert.deepEqual(await names(join(root, 'last')), ['both']);
    assert.deepEqual(await names(join(root, 'last/both')), ['new']);
  });
  check('given a name that comes, goes and comes over three layers, when each is shown, then each is right', async (lab) => {
    const one = await lab.layer([{ path: 'd/a', content: '1' }]);
    const two = await lab.layer([{ path: '.wh.d' }], one);
    const three = await lab.layer([{ path: 'd/b', content: '3' }], two);
    assert.deepEqual(await names(join(await lab.show(one), 'd')), ['a']);
    assert.equal(await isThere(join(await lab.show(two), 'd')), false);
    assert.deepEqual(await names(join(await lab.show(three), 'd')), ['b']);
  });
  check('given 64 layers, when the topmost is shown, then each has its say and the last word on shared names', async (lab) => {
    let top: string | undefined;
    for (let index = 0; index < 64; index += 1) {
      const gone = index > 0 && index % 8 === 0 ? [{ path: `.wh.f${index - 1}` }] : [];
      top = await lab.layer([{ path: `f${index}` }, { path: 'last', content: String(index) }, ...gone], top);
    }
    const root = await lab.show(top);
    assert.equal(await readFile(join(root, 'last'), 'utf8'), '63');
    assert.equal((await names(root)).length, 64 + 1 - 7);
  });
  check('given a layer removed out of a tree of layers, when its sibling is shown, then that is whole', async (lab) => {
    const below = await lab.layer([{ path: 'base', content: 'b' }]);
    const [left, right] = [await lab.layer([{ path: 'left' }], below), await lab.layer([{ path: 'right' }], below)];
    await lab.driver.remove({ key: left }, lab.ctx());
    assert.deepEqual(await names(await lab.show(right)), ['base', 'right']);
  });
}
