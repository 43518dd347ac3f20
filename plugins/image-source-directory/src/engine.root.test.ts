// time limit: 240 s
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { busyboxLayout, run, temporaryDirectory, TestDaemon } from '@shiplog/test-support';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';

const test = suite('image-source-directory in an engine');
const scratch = await temporaryDirectory('shiplog-images-');
const images = join(scratch.path, 'images');
await mkdir(images);
const config = join(scratch.path, 'shiplogd.json');
await writeFile(config, JSON.stringify({ driverOptions: { 'image-source/directory': { path: images } } }));
const SHIPLOG = fileURLToPath(new URL('../../../node_modules/.bin/shiplog', import.meta.url));
const fresh = join(scratch.path, 'fresh');
assert.is((await run(SHIPLOG, ['plugin', 'new', 'image-source', 'fresh'], { cwd: scratch.path })).code, 0);
// In a process of its own: what goes between is names and digests, and files by their paths.
const isolated = ['--isolate', '@shiplog/image-source-directory=process'];
const daemon = await TestDaemon.start({ extra: ['--config', config, ...isolated, '--plugin', fresh] });
test.after(async () => {
  await daemon.destroy();
  await scratch.cleanup();
});

const stored = (): Promise<readonly string[]> =>
  readdir(join(daemon.directory, 'root/drivers/image-store/local/blobs/sha256')).catch(() => []);

test('given a directory of images, when one is pulled by docker, then it runs, and is known by its digest; again, it is up to date', async () => {
  const { digest } = await busyboxLayout(join(images, 'ghcr.io/some/app'), '1.0');
  const pulled = await daemon.docker(['pull', 'ghcr.io/some/app:1.0']);
  assert.is(pulled.code, 0, pulled.stderr);
  assert.match(pulled.stdout, new RegExp(`Digest: ${digest}\nStatus: Downloaded newer image for ghcr.io/some/app:1.0\n`));
  const ran = await daemon.docker(['run', '--rm', 'ghcr.io/some/app:1.0', 'echo', 'from the directory']);
  assert.equal([ran.code, ran.stdout], [0, 'from the directory\n'], ran.stderr);
  const { stdout } = await daemon.docker(['inspect', '-f', '{{.RepoDigests}}', 'ghcr.io/some/app:1.0']);
  assert.is(stdout.trim(), `[ghcr.io/some/app@${digest}]`);
  const again = await daemon.docker(['pull', 'ghcr.io/some/app:1.0']);
  assert.match(again.stdout, /Status: Image is up to date for/);
  const events = await daemon.events();
  const outcome = events.find(({ type }) => type === 'image.pull.succeeded');
  assert.equal([outcome?.data['source'], outcome?.data['repoDigest']], ['directory', `ghcr.io/some/app@${digest}`]);
});

test('given an image that is not there, when it is run or pulled, then docker is told, and the log has it', async () => {
  const ran = await daemon.docker(['run', '--rm', 'nosuch:1', 'true']);
  assert.is(ran.code, 125);
  assert.match(ran.stderr, /manifest for nosuch:1 not found: manifest unknown/);
  const other = await daemon.shiplog(['pull', '--source', 'nobody', 'nosuch:1']);
  assert.is(other.code, 1);
  assert.match(other.stderr, /there is no image-source driver "nobody"; there is directory, registry, fresh/);
});

test('given an image that is missing, when it is run, then docker pulls it first', async () => {
  await busyboxLayout(join(images, 'small'), 'latest', { Labels: { size: 'small' } });
  const ran = await daemon.docker(['run', '--rm', 'small', 'echo', 'pulled']);
  assert.equal([ran.code, ran.stdout], [0, 'pulled\n'], ran.stderr);
});

test('given blobs that are not what they are announced as, when their image is pulled, then it fails and nothing of it stays', async () => {
  const before = await stored();
  const layout = join(images, 'hostile');
  const { digest } = await busyboxLayout(layout, '1', { Labels: { is: 'hostile' } });
  const blob = (of: string): string => join(layout, 'blobs/sha256', of.slice(7));
  const manifest = JSON.parse(await readFile(blob(digest), 'utf8')) as { readonly config: { readonly digest: string } };
  const good = await readFile(blob(manifest.config.digest), 'utf8');
  await writeFile(blob(manifest.config.digest), good.replace('hostile', 'altered'));
  const altered = await daemon.shiplog(['pull', 'hostile:1']);
  assert.is(altered.code, 1);
  assert.match(altered.stderr, /does not have the digest it was announced with/);
  await rm(blob(manifest.config.digest));
  const missing = await daemon.shiplog(['pull', 'hostile:1']);
  assert.match(missing.stderr, /has blob sha256:/);
  assert.equal(await stored(), before);
  assert.match((await daemon.docker(['images', '-q', 'hostile'])).stdout, /^$/);
  await writeFile(blob(manifest.config.digest), good);
  const whole = await daemon.shiplog(['pull', '--quiet', 'hostile:1']);
  assert.equal([whole.code, whole.stdout], [0, 'hostile:1\n'], whole.stderr);
});

test('given a reference by digest, when it is pulled, then it is that content and gets no tag', async () => {
  const { digest } = await busyboxLayout(join(images, 'pinned'), '1', { Labels: { is: 'pinned' } });
  const pulled = await daemon.docker(['pull', `pinned@${digest}`]);
  assert.is(pulled.code, 0, pulled.stderr);
  const { stdout } = await daemon.docker(['images', '--no-trunc', '--digests', '--format', '{{.Repository}} {{.Tag}} {{.Digest}}']);
  assert.match(stdout, new RegExp(`pinned <none> ${digest}`));
});

test('given a source begun from the template beside it, when its image is pulled, then each source is asked, and that one brings it', async () => {
  const pulled = await daemon.docker(['pull', 'fresh/hello']);
  assert.is(pulled.code, 0, pulled.stderr);
  const outcome = (await daemon.events()).findLast(({ type }) => type === 'image.pull.succeeded');
  assert.is(outcome?.data['source'], 'fresh');
  const alone = await daemon.shiplog(['pull', '--source', 'directory', 'fresh/hello']);
  assert.match(alone.stderr, /manifest for fresh\/hello:latest not found: manifest unknown \(asked: directory\)/);
});

test.run();
