// time limit: 240 s
import { createHash, randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { busyboxArchive, hostTraces, run, TestDaemon } from '@shiplog/test-support';
import { IMAGE } from './prepare.ts';
import { SmallDisk } from './small-disk.ts';

const LARGE_MIB = 24;
const FULL = /no space left on device/i;

const test = suite('disk full');
const directory = await mkdtemp(join(tmpdir(), 'shiplog-full-'));
const disk = await SmallDisk.make(128, 2048);
let daemon: TestDaemon;

test.before(async () => {
  await mkdir(join(disk.mount, 'root'));
  // Only the root is small; sockets, bundles and what the daemon says are elsewhere.
  await symlink(join(disk.mount, 'root'), join(directory, 'root'));
  daemon = await TestDaemon.start({ directory });
  await busyboxArchive(join(disk.directory, 'busybox.tar'), IMAGE);
  await largeArchive(join(disk.directory, 'large.tar'));
  const loaded = await daemon.docker(['load', '-q', '-i', join(disk.directory, 'busybox.tar')]);
  assert.is(loaded.code, 0, loaded.stderr);
});

test.after(async () => {
  try {
    await disk.free();
    await daemon.destroy();
  } finally {
    await disk.remove();
    await rm(directory, { recursive: true, force: true });
  }
});

for (const [what, room] of [
  ['archive', LARGE_MIB / 2],
  ['unpacked layer', LARGE_MIB * 1.5],
] as const) {
  test(`given an image whose ${what} does not fit, when it is loaded, then docker is told so and nothing of it stays`, async () => {
    const before = await stored();
    await disk.fill(room);
    const ran = await daemon.docker(['load', '-q', '-i', join(disk.directory, 'large.tar')]);
    assert.is(ran.code, 1, ran.stdout);
    assert.match(ran.stderr, FULL);
    assert.equal(await stored(), before);
    assert.not.match((await daemon.docker(['images'])).stdout, 'large');
    await disk.free();
    assert.equal(await daemon.docker(['run', '--rm', IMAGE, 'echo', 'well']), { code: 0, stdout: 'well\n', stderr: '' });
    const outcome = (await daemon.events()).findLast((event) => event.type === 'image.load.failed');
    assert.is(outcome?.result?.error?.code, 'DISK_FULL');
  });
}

test('given freed space, when the large image is loaded, then it is there and can be removed', async () => {
  const before = await stored();
  assert.is((await daemon.docker(['load', '-q', '-i', join(disk.directory, 'large.tar')])).code, 0);
  assert.is((await daemon.docker(['rmi', 'large:1'])).code, 0);
  assert.equal(await stored(), before);
});

test('given no inode left, when containers are created, run with secrets or started, then each says so, nothing stays, and it works with room', async () => {
  const traces = await hostTraces(directory);
  await daemon.docker(['create', '--name', 'early', IMAGE, 'echo', 'late']);
  const before = await stored();
  await disk.fillInodes();
  for (const args of [
    ['create', '--name', 'never', IMAGE, 'true'],
    ['run', '--rm', '-e', 'SECRET=1', IMAGE, 'true'],
    ['run', '--rm', '-v', 'fresh:/data', IMAGE, 'true'],
    ['start', '-a', 'early'],
  ]) {
    const ran = await daemon.docker(args);
    assert.is.not(ran.code, 0, args.join(' '));
    assert.match(ran.stderr, FULL, args.join(' '));
  }
  await disk.free();
  assert.equal((await daemon.docker(['ps', '-a', '--format', '{{.Names}}'])).stdout.trim(), 'early');
  assert.equal(await hostTraces(directory), traces);
  assert.equal(await stored(), before);
  assert.equal(await daemon.docker(['start', '-a', 'early']), { code: 0, stdout: 'late\n', stderr: '' });
  assert.is((await daemon.docker(['rm', 'early'])).code, 0);
});

test('given a log that cannot be written, when commands come, then the daemon ends with 1 and says why, containers run on, and all that was acknowledged is there later', async () => {
  assert.is((await daemon.docker(['run', '-d', '--name', 'survivor', IMAGE, 'sleep', '600'])).code, 0);
  await disk.fill(0);
  const tagged: string[] = [];
  let refusal = '';
  for (let next = 0; refusal === '' && next < 300; next += 1) {
    const ran = await daemon.docker(['tag', IMAGE, `full:${next}`]);
    if (ran.code === 0) tagged.push(`full:${next}`);
    else refusal = ran.stderr;
  }
  assert.match(refusal, FULL);
  assert.is(await daemon.ended(), 1);
  assert.match(await daemon.log(), /shiplogd: .*log could not be written.*no space left on device/is);

  const refused = await daemon.start().then(
    () => 'started',
    (error: Error) => error.message,
  );
  assert.match(refused, FULL);
  assert.not.match(refused, /at .*\.js:\d+/);

  await disk.free();
  await daemon.start();
  const tags = (await daemon.docker(['images', '--format', '{{.Repository}}:{{.Tag}}'])).stdout.split('\n');
  for (const tag of tagged) assert.ok(tags.includes(tag), `${tag} was acknowledged and is lost`);
  assert.equal(await daemon.docker(['exec', 'survivor', 'echo', 'in']), { code: 0, stdout: 'in\n', stderr: '' });
  assert.is((await daemon.shiplog(['log', 'verify'])).code, 0);
  assert.is((await daemon.docker(['rm', '-f', 'survivor'])).code, 0);
  assert.equal(await hostTraces(directory), []);
});

/** Names of all that images, layers, secrets and containers hold. */
async function stored(): Promise<string[]> {
  const names = await readdir(join(directory, 'root/drivers'), { recursive: true });
  return names.filter((name) => !name.includes('/diff/')).toSorted();
}

/** A docker-archive of one layer with one file that does not compress. */
async function largeArchive(path: string): Promise<void> {
  const scratch = await mkdtemp(join(tmpdir(), 'shiplog-large-'));
  try {
    await writeFile(join(scratch, 'large'), randomBytes(LARGE_MIB * 1024 * 1024));
    await run('tar', ['-C', scratch, '-cf', join(scratch, 'layer.tar'), 'large']);
    const diffId = `sha256:${createHash('sha256')
      .update(await readFile(join(scratch, 'layer.tar')))
      .digest('hex')}`;
    await writeFile(
      join(scratch, 'config.json'),
      JSON.stringify({ architecture: 'amd64', os: 'linux', config: {}, rootfs: { type: 'layers', diff_ids: [diffId] } }),
    );
    await writeFile(
      join(scratch, 'manifest.json'),
      JSON.stringify([{ Config: 'config.json', RepoTags: ['large:1'], Layers: ['layer.tar'] }]),
    );
    await run('tar', ['-C', scratch, '-cf', path, 'manifest.json', 'config.json', 'layer.tar']);
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

test.run();
