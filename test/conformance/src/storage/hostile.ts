import assert from 'node:assert/strict';
import { lstat, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { type AddCheck, type Lab, isThere, names, parentOf } from './lab.ts';
import { type TarEntry, makeTar } from './tar.ts';

const REFUSED = ['ARCHIVE_ESCAPES', 'ARCHIVE_INVALID'] as const;

/** Layers by people who mean harm, and layers that are broken. */
export function hostileChecks(check: AddCheck): void {
  for (const path of ['../escaped', 'a/../../escaped', 'a/b/../../../../escaped']) {
    check(`given the entry ${path}, when it is applied, then it fails ARCHIVE_ESCAPES without trace`, async (lab) => {
      await refuses(lab, ['ARCHIVE_ESCAPES'], [{ path, content: 'x' }]);
    });
  }
  check('given a hard link by .. to outside, when it is applied, then it fails ARCHIVE_ESCAPES without trace', async (lab) => {
    const { file } = await outside(lab);
    await refuses(lab, ['ARCHIVE_ESCAPES'], [{ path: 'link', type: 'hardlink', linkTarget: `../../../../../../../..${file}` }]);
    assert.equal((await lstat(file)).nlink, 1);
  });
  check('given an absolute hard link, when it is applied, then it means a file of the layer and never one of the host', async (lab) => {
    const { file } = await outside(lab);
    await refuses(lab, REFUSED, [{ path: 'link', type: 'hardlink', linkTarget: file }]);
    assert.equal((await lstat(file)).nlink, 1);
  });
  check('given a hard link through a symbolic link to outside, when it is applied, then the host file gets no name', async (lab) => {
    const { directory, file } = await outside(lab);
    await refuses(lab, REFUSED, [
      { path: 'out', type: 'symlink', linkTarget: directory },
      { path: 'link', type: 'hardlink', linkTarget: 'out/victim' },
    ]);
    assert.equal((await lstat(file)).nlink, 1);
  });
  check('given an absolute path, when it is applied, then it lies beneath the root', async (lab) => {
    const root = await lab.show(await lab.layer([{ path: '/etc/shiplog-conformance', content: 'inside' }]));
    assert.equal(await readFile(join(root, 'etc/shiplog-conformance'), 'utf8'), 'inside');
    assert.equal(await isThere('/etc/shiplog-conformance'), false);
  });
  check('given a symbolic link to /, when entries lie beneath it, then they land in the root (CVE-2014-6407)', async (lab) => {
    const { directory } = await outside(lab);
    const root = await lab.show(
      await lab.layer([
        { path: 'root', type: 'symlink', linkTarget: '/' },
        { path: 'etc', type: 'directory' },
        { path: 'etc-link', type: 'symlink', linkTarget: '/etc' },
        { path: 'root/top', content: 'inside' },
        { path: 'etc-link/passwd', content: 'inside' },
        { path: 'up', type: 'symlink', linkTarget: '../../../../../../../../etc' },
        { path: 'up/group', content: 'inside' },
      ]),
    );
    assert.deepEqual(await names(join(root, 'etc')), ['group', 'passwd']);
    assert.equal(await readFile(join(root, 'top'), 'utf8'), 'inside');
    assert.deepEqual(await names(directory), ['victim']);
  });
  check('given a symbolic link to a host directory, when entries lie beneath it, then that gets nothing', async (lab) => {
    const { directory } = await outside(lab);
    const { source, diffId } = await lab.blob(
      makeTar([
        { path: 'out', type: 'symlink', linkTarget: directory },
        { path: 'out/planted', content: 'x' },
        { path: 'out/sub/planted', content: 'x' },
      ]),
    );
    // Refusing is as good as putting it inside the root.
    await lab.driver.applyLayer({ key: lab.layerKey(), diffId, source }, lab.ctx()).catch(() => undefined);
    assert.deepEqual(await names(directory), ['victim']);
  });
  check(
    'given a symbolic link of a lower layer to a host directory, when the upper layer writes there, then that gets nothing',
    async (lab) => {
      const { directory, file } = await outside(lab);
      const below = await lab.layer([{ path: 'out', type: 'symlink', linkTarget: directory }]);
      for (const entries of [
        [{ path: 'out/planted', content: 'x' }],
        [{ path: 'out/victim', content: 'overwritten' }],
        [{ path: 'out/.wh.victim' }],
        [{ path: 'out/.wh..wh..opq' }],
        [{ path: 'out/.wh..wh..opq' }, { path: 'out/victim', type: 'hardlink', linkTarget: 'out' } as const],
      ]) {
        const { source, diffId } = await lab.blob(makeTar(entries));
        await lab.driver.applyLayer({ key: lab.layerKey(), parent: below, diffId, source }, lab.ctx()).catch(() => undefined);
        assert.deepEqual(await names(directory), ['victim']);
        assert.equal(await readFile(file, 'utf8'), 'untouched');
      }
    },
  );
  check('given a symbolic link of the same name as a file, when both are applied, then the file does not go through it', async (lab) => {
    const { file } = await outside(lab);
    const root = await lab.show(
      await lab.layer([
        { path: 'f', type: 'symlink', linkTarget: file },
        { path: 'f', content: 'inside' },
      ]),
    );
    assert.equal(await readFile(join(root, 'f'), 'utf8'), 'inside');
    assert.equal(await readFile(file, 'utf8'), 'untouched');
  });
  check('given a symbolic link in the place of a directory, when more is written by the old name, then it stays inside', async (lab) => {
    const { directory } = await outside(lab);
    const { source, diffId } = await lab.blob(
      makeTar([
        { path: 'd', type: 'directory' },
        { path: 'd/a', content: 'x' },
        { path: 'd', type: 'symlink', linkTarget: directory },
        { path: 'd/planted', content: 'x' },
      ]),
    );
    await lab.driver.applyLayer({ key: lab.layerKey(), diffId, source }, lab.ctx()).catch(() => undefined);
    assert.deepEqual(await names(directory), ['victim']);
  });
  check('given symbolic links in a circle, when an entry lies beneath them, then it fails without trace', async (lab) => {
    await refuses(lab, REFUSED, [
      { path: 'a', type: 'symlink', linkTarget: 'b' },
      { path: 'b', type: 'symlink', linkTarget: 'a' },
      { path: 'a/x', content: 'x' },
    ]);
  });
  check("given overlayfs's own attributes in a layer, when it is shown, then they hide nothing", async (lab) => {
    const below = await lab.layer([{ path: 'd/low' }]);
    const root = await lab.show(
      await lab.layer(
        [{ path: 'd', type: 'directory', xattrs: { 'trusted.overlay.opaque': 'y', 'trusted.overlay.redirect': '/etc' } }, { path: 'd/up' }],
        below,
      ),
    );
    assert.deepEqual(await names(join(root, 'd')), ['low', 'up']);
  });
  check('given a file beneath a file, when it is applied, then it fails ARCHIVE_INVALID without trace', async (lab) => {
    await refuses(lab, REFUSED, [{ path: 'f', content: 'x' }, { path: 'f/g' }]);
  });
  check('given a hard link to nothing, when it is applied, then it fails ARCHIVE_INVALID without trace', async (lab) => {
    await refuses(lab, ['ARCHIVE_INVALID'], [{ path: 'l', type: 'hardlink', linkTarget: 'nothing' }]);
  });
  check('given a tar cut short, when it is applied, then it fails ARCHIVE_INVALID without trace', async (lab) => {
    const tar = makeTar([
      { path: 'a', content: 'x' },
      { path: 'b', content: Buffer.alloc(100_000) },
    ]);
    for (const length of [700, 1024 + 512 + 50_000]) {
      const { source, diffId } = await lab.blob(tar.subarray(0, length));
      await lab.failsWithoutTrace('ARCHIVE_INVALID', () => lab.driver.applyLayer({ key: lab.layerKey(), diffId, source }, lab.ctx()));
    }
  });
  check('given a tar with a wrong checksum, when it is applied, then it fails ARCHIVE_INVALID without trace', async (lab) => {
    const tar = makeTar([
      { path: 'a', content: 'x' },
      { path: 'b', content: 'y' },
    ]);
    tar[1024 + 100] = 0x37;
    const { source, diffId } = await lab.blob(tar);
    await lab.failsWithoutTrace('ARCHIVE_INVALID', () => lab.driver.applyLayer({ key: lab.layerKey(), diffId, source }, lab.ctx()));
  });
  check('given a gzip cut short, when it is applied, then it fails ARCHIVE_INVALID without trace', async (lab) => {
    const tar = makeTar([{ path: 'a', content: 'x'.repeat(10_000) }]);
    const packed = gzipSync(tar);
    const { source, diffId } = await lab.blob(packed.subarray(0, packed.byteLength - 20), tar);
    await lab.failsWithoutTrace('ARCHIVE_INVALID', () => lab.driver.applyLayer({ key: lab.layerKey(), diffId, source }, lab.ctx()));
  });
  check('given data after the end of a gzip, when it is applied, then it fails ARCHIVE_INVALID without trace', async (lab) => {
    const tar = makeTar([{ path: 'a', content: 'x'.repeat(10_000) }]);
    const { source, diffId } = await lab.blob(Buffer.concat([gzipSync(tar), Buffer.alloc(4 * 1024 * 1024, 'more')]), tar);
    await lab.failsWithoutTrace('ARCHIVE_INVALID', () => lab.driver.applyLayer({ key: lab.layerKey(), diffId, source }, lab.ctx()));
  });
  check(
    'given another digest, when a layer is applied, then it fails DIGEST_MISMATCH without trace, and then succeeds by the right one',
    async (lab) => {
      const parent = await lab.layer([{ path: 'base' }]);
      const key = lab.layerKey();
      const { source, diffId } = await lab.blob(makeTar([{ path: 'f' }]));
      const wrong = `sha256:${'0'.repeat(64)}`;
      for (const below of [undefined, parent]) {
        await lab.failsWithoutTrace('DIGEST_MISMATCH', () =>
          lab.driver.applyLayer({ key, ...parentOf(below), diffId: wrong, source }, lab.ctx()),
        );
      }
      await lab.driver.applyLayer({ key, parent, diffId, source }, lab.ctx());
      assert.deepEqual(await names(await lab.show(key)), ['base', 'f']);
    },
  );
  check('given bytes after the end of the tar, when it is applied, then they count for the digest', async (lab) => {
    const tar = Buffer.concat([makeTar([{ path: 'f', content: 'x' }]), Buffer.alloc(10_240)]);
    const { source, diffId } = await lab.blob(tar);
    assert.equal((await lab.driver.applyLayer({ key: lab.layerKey(), diffId, source }, lab.ctx())).diffId, diffId);
  });
  check('given no blob, when it is applied, then it fails PATH_NOT_FOUND or BLOB_NOT_FOUND without trace', async (lab) => {
    await lab.failsWithoutTrace(['PATH_NOT_FOUND', 'BLOB_NOT_FOUND'], () =>
      lab.driver.applyLayer({ key: lab.layerKey(), diffId: `sha256:${'0'.repeat(64)}`, source: join(lab.scratch, 'none') }, lab.ctx()),
    );
  });
}

/** A directory and a file of the host that no layer may reach. */
async function outside(lab: Lab): Promise<{ readonly directory: string; readonly file: string }> {
  const directory = join(lab.scratch, 'outside');
  await mkdir(directory);
  const file = join(directory, 'victim');
  await writeFile(file, 'untouched');
  return { directory, file };
}

async function refuses(lab: Lab, codes: Parameters<Lab['failsWithoutTrace']>[0], entries: readonly TarEntry[]): Promise<void> {
  const { source, diffId } = await lab.blob(makeTar([{ path: 'innocent', content: 'x' }, ...entries]));
  await lab.failsWithoutTrace(codes, () => lab.driver.applyLayer({ key: lab.layerKey(), diffId, source }, lab.ctx()));
}
