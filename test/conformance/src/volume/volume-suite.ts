import assert from 'node:assert/strict';
import { chmod, lstat, readdir, readFile, readlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { inLab, type TestFunction } from '../in-lab.ts';
import { type AddCheck, Lab, type VolumeFactory } from './lab.ts';

export interface VolumeSuite {
  readonly test: TestFunction;
  /** Called for every check; what it gives is used by that check alone. */
  readonly factory: VolumeFactory;
  /** Capability `seed` of its manifest: whether volumes get what images have. True if absent. */
  readonly seeds?: boolean;
}

/**
 * Proves that a volume driver keeps the contract in `VOLUME_VERBS`: life, repetition, many consumers, content of the image, a driver that ends in
 * the middle. Wants root, for files of other owners and mounts. Leaves nothing behind, also when a check fails.
 */
export function volumeSuite({ test, factory, seeds = true }: VolumeSuite): void {
  const check = inLab(test, async () => new Lab(await factory()));
  lifeChecks(check);
  if (seeds) seedChecks(check);
}

function lifeChecks(check: AddCheck): void {
  check('given a volume, when one consumer writes and another comes later, then it finds the content', async (lab) => {
    const volume = lab.volume();
    const [first, second] = [lab.consumer(), lab.consumer()];
    await lab.create(volume);
    const path = await lab.publish(volume, first);
    await writeFile(join(path, 'kept'), 'content');
    await lab.unpublish(volume, first);
    const again = await lab.publish(volume, second);
    if (lab.fixture.lasting) assert.equal(await readFile(join(again, 'kept'), 'utf8'), 'content');
    else assert.deepEqual(await readdir(again), []);
  });

  check('given every verb, when it is repeated, then the world is as after the first time', async (lab) => {
    const volume = lab.volume();
    const consumer = lab.consumer();
    await lab.create(volume);
    const path = await lab.publish(volume, consumer);
    await writeFile(join(path, 'kept'), 'content');
    assert.equal(await lab.publish(volume, consumer), path);
    await lab.create(volume);
    assert.equal(await readFile(join(path, 'kept'), 'utf8'), 'content');
    assert.ok((await lab.consumers(volume)).length <= 1, 'it is counted once');
    await lab.unpublish(volume, consumer);
    await lab.unpublish(volume, consumer);
    await lab.remove(volume);
    await lab.remove(volume);
    assert.deepEqual(await lab.consumers(volume), []);
  });

  check('given a volume that was removed, when it is made again, then nothing of the old one is in it', async (lab) => {
    const volume = lab.volume();
    const consumer = lab.consumer();
    await lab.create(volume);
    await writeFile(join(await lab.publish(volume, consumer), 'old'), '');
    await lab.unpublish(volume, consumer);
    await lab.remove(volume);
    await lab.create(volume);
    assert.deepEqual(await readdir(await lab.publish(volume, consumer)), []);
  });

  check('given two consumers, when one leaves, then the other still has the content', async (lab) => {
    const volume = lab.volume();
    const [stays, leaves] = [lab.consumer(), lab.consumer()];
    await lab.create(volume);
    const [path] = await Promise.all([lab.publish(volume, stays), lab.publish(volume, leaves)]);
    await writeFile(join(path, 'kept'), 'content');
    await lab.unpublish(volume, leaves);
    assert.equal(await readFile(join(path, 'kept'), 'utf8'), 'content');
  });

  check(
    'given a consumer when the driver ends, when another driver goes on, then it can be let go of and the volume removed',
    async (lab) => {
      const volume = lab.volume();
      const consumer = lab.consumer();
      await lab.create(volume);
      const path = await lab.publish(volume, consumer);
      await writeFile(join(path, 'kept'), 'content');
      const before = await lab.consumers(volume);
      await lab.restart();
      assert.equal(await readFile(join(path, 'kept'), 'utf8'), 'content');
      assert.deepEqual(await lab.consumers(volume), before);
      await lab.unpublish(volume, consumer);
      assert.deepEqual(await lab.consumers(volume), []);
      await lab.remove(volume);
    },
  );

  check('given many volumes and consumers at once, when all come and go, then each has its own content', async (lab) => {
    await Promise.all(
      Array.from({ length: 6 }, async (_, index) => {
        const volume = lab.volume();
        await lab.create(volume);
        const consumers = Array.from({ length: 4 }, () => lab.consumer());
        const paths = await Promise.all(consumers.map((consumer) => lab.publish(volume, consumer)));
        await writeFile(join(paths[0] ?? '', 'mine'), String(index));
        for (const path of paths) assert.equal(await readFile(join(path, 'mine'), 'utf8'), String(index));
        await Promise.all(consumers.map((consumer) => lab.unpublish(volume, consumer)));
        await lab.remove(volume);
      }),
    );
  });

  check('given names at the limits, when volumes have them, then they are apart', async (lab) => {
    for (const name of ['a.b', `a${'x'.repeat(200)}`, 'a..b', 'rm-a', 'tmp-a']) {
      const volume = lab.volume(name);
      const consumer = lab.consumer();
      await lab.create(volume);
      const path = await lab.publish(volume, consumer);
      assert.deepEqual(await readdir(path), [], name);
      await writeFile(join(path, 'mine'), name);
    }
  });

  check('given options that are none, when a volume is made with them, then they are refused', async (lab) => {
    if (lab.fixture.refused === undefined) return;
    await lab.refuses(lab.create(lab.volume(undefined, lab.fixture.refused)), 'SPEC_INVALID');
  });
}

function seedChecks(check: AddCheck): void {
  check(
    'given an empty volume, when it is published with a seed, then it has what is there, owners, modes and links included',
    async (lab) => {
      const volume = lab.volume();
      const root = await lab.image();
      await chmod(join(root, 'data'), 0o751);
      await lab.create(volume);
      const path = await lab.publish(volume, lab.consumer(), { root, path: '/data' });
      assert.deepEqual((await readdir(path)).toSorted(), ['file', 'link', 'sub']);
      assert.equal(await readFile(join(path, 'sub', 'deep'), 'utf8'), 'deep');
      assert.equal(await readlink(join(path, 'link')), '/etc/shadow');
      for (const [at, mode] of [
        ['.', 0o751],
        ['file', 0o640],
      ] as const) {
        const { uid, gid, mode: found } = await lstat(join(path, at));
        assert.deepEqual([uid, gid, found & 0o7777], [1234, 4321, mode], at);
      }
    },
  );

  check('given a volume that holds something, when it is published with a seed, then it stays as it is', async (lab) => {
    const volume = lab.volume();
    const root = await lab.image();
    await lab.create(volume);
    const path = await lab.publish(volume, lab.consumer());
    await writeFile(join(path, 'mine'), '');
    await lab.publish(volume, lab.consumer(), { root, path: '/data' });
    assert.deepEqual(await readdir(path), ['mine']);
  });

  check('given a seed that leads out of the image or is not there, when published, then nothing of the host comes in', async (lab) => {
    const root = await lab.image();
    for (const from of ['/out', '/none', '/data/link', '/data/file', '/../../../../etc']) {
      const volume = lab.volume();
      await lab.create(volume);
      assert.deepEqual(await readdir(await lab.publish(volume, lab.consumer(), { root, path: from })), [], from);
    }
  });

  check('given several consumers that come at once, when each brings a seed, then all find the whole of it', async (lab) => {
    const volume = lab.volume();
    const root = await lab.image();
    await lab.create(volume);
    await Promise.all(
      Array.from({ length: 4 }, async () => {
        const path = await lab.publish(volume, lab.consumer(), { root, path: '/data' });
        assert.deepEqual((await readdir(path)).toSorted(), ['file', 'link', 'sub']);
      }),
    );
  });
}
