import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { open, readFile, rm, writeFile } from 'node:fs/promises';
import { constants } from 'node:os';
import { join } from 'node:path';
import type { AddCheck } from './lab.ts';

const MIB = 1024 * 1024;
const SIZE = 16 * MIB;

/** Snapshots of at most a size: of drivers with capability `quota`. */
export function quotaChecks(check: AddCheck): void {
  check(
    'given a snapshot of a size, when more is written, then it fails there, what was written before stays, and deleting makes room',
    async (lab) => {
      const layer = await lab.layer([{ path: 'hello', content: 'world' }]);
      const key = lab.containerKey();
      await lab.driver.prepare({ key, parent: layer, sizeBytes: SIZE }, lab.ctx());
      const root = await lab.mount(key);
      await writeFile(join(root, 'first'), 'kept', { flush: true });
      const written = await fill(join(root, 'big'), 4 * SIZE);
      assert.ok(written >= SIZE / 2 && written <= SIZE, `${written} bytes went in`);
      assert.equal(await readFile(join(root, 'first'), 'utf8'), 'kept');
      assert.equal(await readFile(join(root, 'hello'), 'utf8'), 'world');
      await rm(join(root, 'big'));
      await lab.kernel.files.syncFilesystem(root);
      assert.equal(await fill(join(root, 'small'), MIB), MIB);
    },
  );
  check("given a layer larger than the size, when a snapshot is made on it, then the layer's bytes do not count", async (lab) => {
    const layer = await lab.layer([{ path: 'large', content: 'x'.repeat(2 * SIZE) }]);
    const key = lab.containerKey();
    await lab.driver.prepare({ key, parent: layer, sizeBytes: SIZE }, lab.ctx());
    const root = await lab.mount(key);
    assert.equal(await fill(join(root, 'own'), MIB), MIB);
  });
  check('given a snapshot of a size, when another on the same layer has none, then that one may write more', async (lab) => {
    const layer = await lab.layer([{ path: 'hello', content: 'world' }]);
    await lab.driver.prepare({ key: lab.containerKey(), parent: layer, sizeBytes: MIB }, lab.ctx());
    const root = await lab.show(layer);
    assert.equal(await fill(join(root, 'own'), SIZE), SIZE);
  });
  check('given a snapshot of a size, when the driver is restarted, then the size holds', async (lab) => {
    const key = lab.containerKey();
    await lab.driver.prepare({ key, sizeBytes: SIZE }, lab.ctx());
    await lab.restart();
    await lab.driver.prepare({ key, sizeBytes: SIZE }, lab.ctx());
    const root = await lab.mount(key);
    assert.ok((await fill(join(root, 'big'), 4 * SIZE)) <= SIZE);
  });
}

/** Of drivers without it: what cannot be held is not promised. */
export function noQuotaChecks(check: AddCheck): void {
  check('given no quotas, when a snapshot of a size is asked for, then it fails NOT_SUPPORTED without trace', async (lab) => {
    const layer = await lab.layer([{ path: 'hello', content: 'world' }]);
    await lab.failsWithoutTrace('NOT_SUPPORTED', () =>
      lab.driver.prepare({ key: lab.containerKey(), parent: layer, sizeBytes: SIZE }, lab.ctx()),
    );
  });
}

/** Writes bytes that nothing can compress, until they are `bytes` or no more go in. Answers how many are on the disk. */
async function fill(path: string, bytes: number): Promise<number> {
  const handle = await open(path, 'w');
  try {
    for (let done = 0; done < bytes; done += MIB) {
      try {
        await handle.write(randomBytes(MIB));
        await handle.sync();
      } catch (error) {
        const { code, errno } = error as NodeJS.ErrnoException;
        assert.ok(errno === -constants.errno.EDQUOT || code === 'ENOSPC', `it fails ${code}`);
        return done;
      }
    }
    return bytes;
  } finally {
    await handle.close();
  }
}
