import assert from 'node:assert/strict';
import { appendFile, chmod, mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type AddCheck, type Lab, parentOf, rejectsWith } from './lab.ts';

/** What a driver finds that a container changed. */
export function changesChecks(check: AddCheck): void {
  check(
    'given changes of every kind on two layers, when they are asked for, mounted or not, then each is told, and nothing else',
    async (lab) => {
      const base = await lab.layer([
        { path: 'dir', type: 'directory' },
        { path: 'dir/gone', content: 'a' },
        { path: 'dir/kept', content: 'b' },
        { path: 'emptied', type: 'directory' },
        { path: 'emptied/deep', content: 'c' },
        { path: 'link', type: 'symlink', linkTarget: 'dir/kept' },
      ]);
      const layer = await lab.layer(
        [
          { path: 'mode', content: 'd' },
          { path: 'text', content: 'e' },
          { path: 'same', content: 'f' },
        ],
        base,
      );
      const key = lab.containerKey();
      const root = await lab.show(layer, key);
      assert.deepEqual(await told(lab, key, layer), []);
      await rm(join(root, 'dir/gone'));
      await rm(join(root, 'emptied'), { recursive: true });
      await chmod(join(root, 'mode'), 0o600);
      await appendFile(join(root, 'text'), 'more');
      await mkdir(join(root, 'new/within'), { recursive: true });
      await writeFile(join(root, 'new/within/file'), '');
      const expected = [
        'modified /dir',
        'deleted /dir/gone',
        'deleted /emptied',
        'modified /mode',
        'added /new',
        'added /new/within',
        'added /new/within/file',
        'modified /text',
      ];
      assert.deepEqual(await told(lab, key, layer), expected);
      await lab.driver.unmount({ key, target: root }, lab.ctx());
      const before = await lab.footprint();
      assert.deepEqual(await told(lab, key, layer), expected);
      assert.deepEqual(await lab.footprint(), before, 'looking left something behind');
    },
  );
  check('given paths to ignore, when they were added, then they are not told; when they were there, they are', async (lab) => {
    const layer = await lab.layer([{ path: 'there', content: 'a' }]);
    const key = lab.containerKey();
    const root = await lab.show(layer, key);
    await writeFile(join(root, 'there'), 'changed');
    await mkdir(join(root, 'made/deep'), { recursive: true });
    assert.deepEqual(await told(lab, key, layer, ['/made', '/there']), ['modified /there']);
  });
  check('given no parent, when changes are asked for, then all is added; given no snapshot, it fails SNAPSHOT_NOT_FOUND', async (lab) => {
    const key = lab.containerKey();
    const root = await lab.show(undefined, key);
    await writeFile(join(root, 'file'), 'a');
    assert.deepEqual(await told(lab, key), ['added /file']);
    await lab.driver.unmount({ key, target: root }, lab.ctx());
    assert.deepEqual(await told(lab, key), ['added /file']);
    await rejectsWith('SNAPSHOT_NOT_FOUND', told(lab, lab.containerKey()));
  });
}

async function told(lab: Lab, key: string, parent?: string, ignore: readonly string[] = []): Promise<readonly string[]> {
  const { changes } = await lab.driver.changes({ key, ...parentOf(parent), ignore: [...ignore] }, lab.ctx());
  return changes.map(({ kind, path }) => `${kind} ${path}`);
}
