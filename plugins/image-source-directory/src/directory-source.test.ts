import { mkdir, readFile, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createContext, ShiplogError } from '@shiplog/contracts';
import { busyboxLayout, run, temporaryDirectory } from '@shiplog/test-support';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { DirectorySource } from './driver.ts';
import { probeDirectory } from './probe.ts';

const test = suite('image-source-directory');
const ctx = () => createContext({ op: 'op', signal: AbortSignal.timeout(60_000) });

/** Works on a directory of images of its own. */
const within =
  (work: (root: string, digestOf: (reference: string) => Promise<string | undefined>) => Promise<void>) => async (): Promise<void> => {
    const { path: root, cleanup } = await temporaryDirectory('shiplog-images-');
    try {
      const source = new DirectorySource({ path: root });
      await work(root, async (reference) => (await source.resolve({ reference }, ctx())).descriptor?.digest);
    } finally {
      await cleanup();
    }
  };

for (const [place, reference] of [
  ['busybox', 'docker.io/library/busybox:1'],
  ['library/busybox', 'docker.io/library/busybox:1'],
  ['docker.io/library/busybox', 'docker.io/library/busybox:1'],
  ['some/app', 'docker.io/some/app:1'],
  ['ghcr.io/some/app', 'ghcr.io/some/app:1'],
  ['localhost:5000/app', 'localhost:5000/app:1'],
] as const)
  test(
    `given a layout at ${place}, when ${reference} is resolved, then it is found by its tag alone`,
    within(async (root, digestOf) => {
      const { digest } = await busyboxLayout(join(root, place), '1');
      assert.is(await digestOf(reference), digest);
      assert.is(await digestOf(reference.replace(/1$/, '2')), undefined);
      assert.is(await digestOf(`quay.io/other/thing:1`), undefined);
    }),
  );

test(
  'given one layout of many names, when they are resolved, then each is found by its whole name, and a tag alone is none',
  within(async (root, digestOf) => {
    const { digest } = await busyboxLayout(root, 'ghcr.io/some/app:2');
    assert.is(await digestOf('ghcr.io/some/app:2'), digest);
    assert.is(await digestOf(`ghcr.io/some/app@${digest}`), digest);
    assert.is(await digestOf('docker.io/some/app:2'), undefined);
    const text = await readFile(join(root, 'index.json'), 'utf8');
    await writeFile(join(root, 'index.json'), text.replace('ghcr.io/some/app:2', '2'));
    assert.is(await digestOf('ghcr.io/some/app:2'), undefined);
  }),
);

test(
  'given what only looks like a layout, when an image is resolved, then it is not there; broken ones fail',
  within(async (root, digestOf) => {
    const layout = join(root, 'app');
    await busyboxLayout(layout, '1');
    const reference = 'docker.io/library/app:1';
    await writeFile(join(layout, 'oci-layout'), '{"imageLayoutVersion":"9.0"}');
    assert.is(await digestOf(reference), undefined);
    await writeFile(join(layout, 'oci-layout'), '{"imageLayoutVersion":"1.0.0"}');
    assert.ok(await digestOf(reference));
    // Neither a link nor a pipe is followed or waited for.
    const index = join(layout, 'index.json');
    await rename(index, join(root, 'elsewhere.json'));
    await symlink(join(root, 'elsewhere.json'), index);
    assert.is(await digestOf(reference), undefined);
    await rm(index);
    await run('mkfifo', [index]);
    assert.is(await digestOf(reference), undefined);
    await rm(index);
    await writeFile(index, 'no JSON');
    await digestOf(reference).then(
      () => assert.unreachable('it resolved'),
      (error: unknown) => assert.ok(error instanceof ShiplogError && error.code === 'ARCHIVE_INVALID', String(error)),
    );
  }),
);

test(
  'given a blob that is a link or longer than announced, when it is fetched, then nothing beyond what was announced is read',
  within(async (root) => {
    const layout = join(root, 'app');
    const manifest = await busyboxLayout(layout, '1');
    const secret = join(root, 'secret');
    await writeFile(secret, 'secret');
    const hex = manifest.digest.slice(7);
    const blob = join(layout, 'blobs/sha256', hex);
    const into = join(root, 'fetched');
    const source = new DirectorySource({ path: root });
    const fetch = () => source.fetch({ reference: 'docker.io/library/app:1', ...manifest, path: into }, ctx());
    await writeFile(blob, Buffer.alloc(manifest.size * 3));
    await fetch();
    assert.is((await readFile(into)).length, manifest.size);
    await rm(blob);
    await symlink(secret, blob);
    await fetch().then(
      () => assert.unreachable('it was fetched'),
      (error: unknown) => assert.ok(error instanceof ShiplogError && error.code === 'BLOB_NOT_FOUND', String(error)),
    );
  }),
);

test(
  'given options, when the driver is probed, then it can run where they name a directory',
  within(async (root) => {
    assert.equal(await probeDirectory({ options: { path: root } }), { usable: true });
    await mkdir(join(root, 'sub'));
    await writeFile(join(root, 'file'), '');
    const reason = async (path?: string): Promise<string> => {
      const probe = await probeDirectory({ options: path === undefined ? {} : { path } });
      return probe.usable ? 'usable' : probe.reason;
    };
    assert.match(await reason(), /no directory is set; put one into the config file/);
    assert.match(await reason('images'), /must be absolute/);
    assert.match(await reason(join(root, 'file')), /is no directory/);
    assert.match(await reason(join(root, 'nosuch')), /cannot be read/);
  }),
);

test.run();
