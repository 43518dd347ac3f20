// time limit: 240 s
import { createHash } from 'node:crypto';
import { mkdtemp, open, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { busyboxArchive, run, TestDaemon } from '@shiplog/test-support';

const test = suite('images out');
const scratch = await mkdtemp(join(tmpdir(), 'shiplog-images-'));
const IMAGE = 'busybox:test';
const daemon = await TestDaemon.start();
const other = await TestDaemon.start();

/** Runs the docker command; it must succeed. */
const docker = (...args: readonly string[]): Promise<string> => daemon.said(args);

const sha256 = async (path: string): Promise<string> =>
  createHash('sha256')
    .update(await readFile(path))
    .digest('hex');

test.before(async () => {
  const [one, two] = [join(scratch, 'one.tar'), join(scratch, 'two.tar')];
  await busyboxArchive(one, IMAGE, { Labels: { which: 'one' } });
  await busyboxArchive(two, 'second.example/two:1', { Labels: { which: 'two' } });
  for (const path of [one, two]) await docker('load', '-q', '-i', path);
  await docker('tag', IMAGE, 'busybox:other');
});

test.after(async () => {
  await daemon.destroy();
  await other.destroy();
  await rm(scratch, { recursive: true, force: true });
});

test('given images, when docker save is asked twice, then the bytes are the same, and another engine loads them with ids and names', async () => {
  const [first, second] = [join(scratch, 'first.tar'), join(scratch, 'second.tar')];
  for (const path of [first, second]) await docker('save', '-o', path, 'busybox', 'second.example/two:1');
  assert.is(await sha256(first), await sha256(second));
  const loaded = await other.docker(['load', '-i', first]);
  assert.is(loaded.code, 0, loaded.stderr);
  assert.equal(loaded.stdout.trim().split('\n').toSorted(), [
    'Loaded image: busybox:other',
    'Loaded image: busybox:test',
    'Loaded image: second.example/two:1',
  ]);
  for (const name of [IMAGE, 'busybox:other', 'second.example/two:1']) {
    const there = await other.docker(['inspect', '--format', '{{.Id}} {{json .RootFS.Layers}} {{json .Config}}', name]);
    assert.is(there.stdout.trim(), await docker('inspect', '--format', '{{.Id}} {{json .RootFS.Layers}} {{json .Config}}', name));
  }
  const ran = await other.docker(['run', '--rm', IMAGE, 'cat', '/www/index.html']);
  assert.equal([ran.code, ran.stdout], [0, 'hello\n'], ran.stderr);
});

test('given archives compressed by xz and bzip2, when docker loads and imports them, then they are what they were', async () => {
  const [saved, exported] = [join(scratch, 'saved.tar'), join(scratch, 'exported.tar')];
  await docker('save', '-o', saved, IMAGE);
  await docker('create', '--name', 'exported', IMAGE, 'true');
  await docker('export', '-o', exported, 'exported');
  await docker('rm', 'exported');
  const id = await docker('inspect', '--format', '{{.Id}}', IMAGE);
  const plain = await docker('import', exported, 'imported:plain');
  for (const [program, ending] of [
    ['xz', 'xz'],
    ['bzip2', 'bz2'],
  ] as const) {
    for (const path of [saved, exported]) assert.is((await run(program, ['-k', '-1', path])).code, 0);
    await other.docker(['rmi', '-f', IMAGE]);
    const loaded = await other.docker(['load', '-q', '-i', `${saved}.${ending}`]);
    assert.equal([loaded.code, loaded.stdout.trim()], [0, `Loaded image: ${IMAGE}`], loaded.stderr);
    assert.is((await other.docker(['inspect', '--format', '{{.Id}}', IMAGE])).stdout.trim(), id);
    await docker('import', `${exported}.${ending}`, `imported:${program}`);
    const layers = (name: string): Promise<string> => docker('inspect', '--format', '{{json .RootFS.Layers}}', name);
    assert.is(await layers(`imported:${program}`), await layers(plain));
    const packed = await readFile(`${saved}.${ending}`);
    await writeFile(`${saved}.cut`, packed.subarray(0, packed.length - 1000));
    const cut = await other.docker(['load', '-q', '-i', `${saved}.cut`]);
    assert.is(cut.code, 1);
    assert.match(cut.stderr, new RegExp(`${program} data could not be decompressed`));
  }
});

test('given a saved image, when skopeo reads it by either of its forms, then it sees the same image', async () => {
  const path = join(scratch, 'one-name.tar');
  await docker('save', '-o', path, IMAGE);
  const id = await docker('inspect', '--format', '{{.Id}}', IMAGE);
  for (const from of [`docker-archive:${path}`, `oci-archive:${path}`]) {
    const read = await run('skopeo', ['inspect', '--raw', '--config', '--tmpdir', scratch, from]);
    assert.is(read.code, 0, read.stderr);
    assert.is(`sha256:${createHash('sha256').update(read.stdout).digest('hex')}`, id, from);
    // Reads every layer, and checks it.
    const copied = await run('skopeo', ['copy', '--insecure-policy', '--tmpdir', scratch, from, `dir:${join(scratch, from.slice(0, 6))}`]);
    assert.is(copied.code, 0, copied.stderr);
  }
});

test('given ways to name an image, when it is saved, then the archive has the names that were asked for, and what is not there is told', async () => {
  const id = await docker('inspect', '--format', '{{.Id}}', IMAGE);
  const names = async (...args: readonly string[]): Promise<unknown> => {
    const path = join(scratch, 'named.tar');
    await docker('save', '-o', path, ...args);
    const { stdout } = await run('tar', ['-xOf', path, 'manifest.json']);
    return (JSON.parse(stdout) as readonly { readonly RepoTags: unknown }[]).map(({ RepoTags }) => RepoTags);
  };
  assert.equal(await names(id.slice(7, 19)), [null]);
  assert.equal(await names(id), [null]);
  assert.equal(await names(IMAGE), [[IMAGE]]);
  assert.equal(await names('busybox'), [['busybox:other', 'busybox:test']]);
  const missing = await daemon.docker(['save', '-o', join(scratch, 'none.tar'), IMAGE, 'nobody']);
  assert.not.equal(missing.code, 0);
  assert.match(missing.stderr, 'No such image: nobody:latest');
  assert.not.ok((await readdir(scratch)).includes('none.tar'));
});

test('given a save, when the log is asked, then audit and docker events have it, and one that was refused reads nothing', async () => {
  const id = await docker('inspect', '--format', '{{.Id}}', IMAGE);
  const since = String(Date.now() / 1000);
  const reads = async (): Promise<unknown> =>
    (await daemon.events())
      .filter(({ type, t }) => type === 'content.read' && Number(BigInt(t) / 1_000_000n) / 1000 >= Number(since))
      .map(({ stream, data, req }) => [stream, data, req?.route]);
  await daemon.docker(['save', '-o', join(scratch, 'x.tar'), 'nobody']);
  assert.equal(await reads(), []);
  await docker('save', '-o', join(scratch, 'x.tar'), IMAGE);
  assert.equal(await reads(), [[`image/${id}`, { verb: 'image.save', ref: IMAGE }, '/images/get']]);
  const told = await docker(
    'events',
    '--since',
    since,
    '--until',
    String(Date.now() / 1000 + 0.001),
    '--format',
    '{{.Type}} {{.Action}} {{.ID}}',
  );
  assert.is(told, `image save ${id}`);
});

test('given a damaged layer, when its image is saved, then the command fails, and what came is no archive', async () => {
  const [layer] = JSON.parse(await docker('inspect', '--format', '{{json .RootFS.Layers}}', IMAGE)) as readonly string[];
  const blob = join(daemon.directory, 'root', 'drivers/image-store/local/blobs/sha256', String(layer).slice(7));
  const file = await open(blob, 'r+');
  try {
    const { size } = await file.stat();
    const byte = Buffer.alloc(1);
    await file.read(byte, 0, 1, size - 2000);
    await file.write(Buffer.from([byte[0]! ^ 1]), 0, 1, size - 2000);
    const saved = await daemon.docker(['save', '-o', join(scratch, 'damaged.tar'), IMAGE]);
    assert.not.equal(saved.code, 0);
    assert.match(saved.stderr, 'unexpected EOF');
    // The docker command keeps what came; nobody takes that for an archive.
    assert.not.equal((await other.docker(['load', '-i', join(scratch, 'damaged.tar')])).code, 0);
    const ours = await daemon.shiplog(['save', '-o', join(scratch, 'ours.tar'), IMAGE]);
    assert.is(ours.code, 1);
    assert.match(ours.stderr, 'not whole');
    assert.not.ok((await readdir(scratch)).includes('ours.tar'));
    await file.write(byte, 0, 1, size - 2000);
  } finally {
    await file.close();
  }
  await docker('save', '-o', join(scratch, 'mended.tar'), IMAGE);
});

test.run();
