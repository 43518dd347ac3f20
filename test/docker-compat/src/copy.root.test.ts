// time limit: 300 s
import { chmod, lstat, mkdir, mkdtemp, readdir, readFile, readlink, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type TarEntryInput, writeTar } from '@shiplog/oci';
import { busyboxArchive, hostTraces, run, TestDaemon } from '@shiplog/test-support';
import { ask, RawConnection } from './raw-http.ts';

const test = suite('docker cp');
const scratch = await mkdtemp(join(tmpdir(), 'shiplog-copy-'));
const daemon = await TestDaemon.start();
const image = 'busybox:test';
const host = join(scratch, 'host');

test.before(async () => {
  await busyboxArchive(join(scratch, 'busybox.tar'), image);
  assert.is((await daemon.docker(['load', '-q', '-i', join(scratch, 'busybox.tar')])).code, 0);
  await mkdir(join(host, 'tree', 'sub', 'empty'), { recursive: true });
  await writeFile(join(host, 'file'), 'content of a file\n');
  await writeFile(join(host, 'tree', 'sub', 'script'), '#!/bin/sh\n', { mode: 0o755 });
  await chmod(join(host, 'tree', 'sub', 'script'), 0o4755);
  await symlink('sub/script', join(host, 'tree', 'link'));
});

test.after(async () => {
  await daemon.destroy();
  await rm(scratch, { recursive: true, force: true });
});

const names: string[] = [];

test.after.each(async () => {
  if (names.length > 0) await daemon.docker(['rm', '-f', '-v', ...names.splice(0)]);
});

async function ok(args: readonly string[], options: { readonly input?: string | Uint8Array } = {}): Promise<string> {
  const { code, stdout, stderr } = await daemon.docker(args, options);
  assert.is(code, 0, `docker ${args.join(' ')}: ${stderr}`);
  return stdout;
}

/** A container, removed after the test. */
async function made(name: string, kind: 'running' | 'created' | 'exited', flags: readonly string[] = []): Promise<string> {
  names.push(name);
  if (kind === 'created') await ok(['create', '--name', name, ...flags, image, 'sleep', '600']);
  else
    await ok([
      'run',
      '--name',
      name,
      ...(kind === 'running' ? ['-d'] : []),
      ...flags,
      image,
      ...(kind === 'running' ? ['sleep', '600'] : ['true']),
    ]);
  return name;
}

/** What a shell in the container says. */
async function inside(container: string, script: string): Promise<string> {
  return ok(['exec', container, 'sh', '-c', script]);
}

async function tarOf(entries: readonly (Partial<TarEntryInput> & { readonly name: string; readonly text?: string })[]): Promise<Buffer> {
  const plain = {
    type: 'file',
    mode: 0o644,
    uid: 0,
    gid: 0,
    mtimeNs: 1_700_000_000n * 1_000_000_000n,
    size: 0,
    linkName: '',
    major: 0,
    minor: 0,
    xattrs: new Map(),
  } as const;
  const chunks: Uint8Array[] = [];
  async function* one(text: string) {
    yield Buffer.from(text);
  }
  const whole = entries.map(({ text, ...entry }): TarEntryInput =>
    text === undefined ? { ...plain, ...entry } : { ...plain, ...entry, size: Buffer.byteLength(text), content: one(text) },
  );
  for await (const chunk of writeTar(whole)) chunks.push(chunk);
  return Buffer.concat(chunks);
}

function put(container: string, path: string, body: Uint8Array, query = '') {
  return ask(daemon.socket, 'PUT', `/containers/${container}/archive?path=${encodeURIComponent(path)}${query}`, body);
}

/** Names in the tar that is at a path. */
async function namesAt(container: string, path: string): Promise<readonly string[]> {
  const { code, stdout, stderr } = await run('sh', ['-c', 'docker cp "$0" - | tar -t', `${container}:${path}`], { env: daemon.env });
  assert.is(code, 0, stderr);
  return stdout
    .split('\n')
    .filter((line) => line !== '')
    .toSorted();
}

for (const kind of ['running', 'created', 'exited'] as const) {
  test(`given a container that is ${kind}, when files and directories are copied in and out, then they are the same`, async () => {
    const name = await made(`both-${kind}`, kind);
    await ok(['cp', join(host, 'file'), `${name}:/etc/copied`]);
    await ok(['cp', join(host, 'tree'), `${name}:/srv-tree`]);
    await ok(['cp', `${join(host, 'tree')}/.`, `${name}:/etc`]);
    const out = await mkdtemp(join(scratch, 'out-'));
    await ok(['cp', `${name}:/etc/copied`, join(out, 'file')]);
    await ok(['cp', `${name}:/srv-tree`, out]);
    assert.is(await readFile(join(out, 'file'), 'utf8'), 'content of a file\n');
    assert.is(await readlink(join(out, 'srv-tree', 'link')), 'sub/script');
    assert.equal(await readdir(join(out, 'srv-tree', 'sub')), ['empty', 'script']);
    assert.equal(await namesAt(name, '/srv-tree'), [
      'srv-tree/',
      'srv-tree/link',
      'srv-tree/sub/',
      'srv-tree/sub/empty/',
      'srv-tree/sub/script',
    ]);
    assert.equal(await namesAt(name, '/srv-tree/sub/.'), ['./', './empty/', './script']);
    assert.equal(await namesAt(name, '/etc/sub/script'), ['script']);
    if (kind === 'running') assert.match(await inside(name, 'stat -c "%a %u %g" /srv-tree/sub/script'), /^4755 0 0$/m);
    else {
      await ok(['start', name]);
      assert.equal(await namesAt(name, '/srv-tree/sub'), ['sub/', 'sub/empty/', 'sub/script']);
    }
  });
}

test('given links, when they are copied, then they are links, and followed where docker is told to', async () => {
  const name = await made('links', 'running');
  await inside(name, 'mkdir /d && echo x > /d/f && ln -s /d /abs && ln -s d/f /rel && ln -s /nowhere/at/all /dangling');
  const out = await mkdtemp(join(scratch, 'out-'));
  for (const link of ['abs', 'rel', 'dangling']) await ok(['cp', `${name}:/${link}`, out]);
  assert.equal(await Promise.all(['abs', 'rel', 'dangling'].map((link) => readlink(join(out, link)))), ['/d', 'd/f', '/nowhere/at/all']);
  await ok(['cp', '-L', `${name}:/rel`, join(out, 'followed')]);
  assert.is(await readFile(join(out, 'followed'), 'utf8'), 'x\n');
  assert.equal(await namesAt(name, '/abs/'), ['abs/', 'abs/f']);
  await ok(['cp', join(host, 'file'), `${name}:/abs`]);
  assert.is(await inside(name, 'cat /d/file'), 'content of a file\n');
});

test('given volumes, binds and a tmpfs, when paths in them are copied, then they are what the container has there', async () => {
  const bound = await mkdtemp(join(scratch, 'bound-'));
  await writeFile(join(bound, 'of-the-host'), 'here\n');
  const flags = ['-v', 'copied-data:/data', '-v', `${bound}:/bound`, '-v', `${bound}:/bound-ro:ro`, '--tmpfs', '/scratch'];
  for (const kind of ['created', 'running'] as const) {
    const name = await made(`mounts-${kind}`, kind, flags);
    await ok(['cp', join(host, 'file'), `${name}:/data/${kind}`]);
    await ok(['cp', join(host, 'file'), `${name}:/bound/${kind}`]);
    assert.is(await readFile(join(bound, kind), 'utf8'), 'content of a file\n');
    assert.equal(await namesAt(name, '/bound/of-the-host'), ['of-the-host']);
    const refused = await daemon.docker(['cp', join(host, 'file'), `${name}:/bound-ro/no`]);
    assert.is(refused.code, 1);
    assert.match(refused.stderr, /read-only/);
    assert.is((await put(name, '/bound-ro', await tarOf([{ name: 'no', text: 'x' }]))).status, 403);
  }
  assert.is(await inside('mounts-running', 'cat /data/created /data/running'), 'content of a file\ncontent of a file\n');
  await inside('mounts-running', 'echo kept > /scratch/f');
  await ok(['cp', join(host, 'file'), 'mounts-running:/scratch/in']);
  assert.equal(await namesAt('mounts-running', '/scratch'), ['scratch/', 'scratch/f', 'scratch/in']);
  assert.is(await inside('mounts-running', 'cat /scratch/in'), 'content of a file\n');
  await ok(['rm', '-f', ...names.splice(0)]);
  await ok(['volume', 'rm', 'copied-data']);
});

test('given a read-only root, when somebody copies into it, then it is refused, and its volumes take the copy', async () => {
  for (const kind of ['created', 'running'] as const) {
    const name = await made(`ro-${kind}`, kind, ['--read-only', '-v', '/data']);
    const { status, body } = await put(name, '/etc', await tarOf([{ name: 'no', text: 'x' }]));
    assert.is(status, 403, body);
    assert.match(body, /read-only/);
    assert.is((await put(name, '/data', await tarOf([{ name: 'yes', text: 'x' }]))).status, 200);
    assert.equal(await namesAt(name, '/data/yes'), ['yes']);
  }
});

test('given what is not there, or no directory, when it is copied, then the answer says so', async () => {
  const name = await made('missing', 'running');
  const { code, stderr } = await daemon.docker(['cp', `${name}:/no/such`, scratch]);
  assert.is(code, 1);
  assert.match(stderr, `Could not find the file /no/such in container ${name}`);
  const archive = await tarOf([{ name: 'f', text: 'x' }]);
  const statuses = async (method: string, path: string, body?: Uint8Array) =>
    (await ask(daemon.socket, method, `/containers/${path}`, body)).status;
  assert.is(await statuses('GET', 'nobody/archive?path=/'), 404);
  assert.is(await statuses('HEAD', `${name}/archive?path=/no`), 404);
  assert.is(await statuses('GET', `${name}/archive?path=/etc/group/x`), 404);
  assert.is(await statuses('GET', `${name}/archive`), 400);
  assert.is(await statuses('GET', `${name}/archive?path=/etc%00`), 400);
  assert.is(await statuses('GET', 'nobody/export'), 404);
  assert.is((await put('nobody', '/', archive)).status, 404);
  assert.is((await put(name, '/no/such', archive)).status, 404);
  assert.is((await put(name, '/etc/group', archive)).status, 400);
  assert.match((await put(name, '/etc/group', archive)).body, /not a directory/);
  assert.is(await statuses('PUT', `${name}/archive`, archive), 400);
  assert.is((await put(name, '/tmp', Buffer.from('this is no tar'.repeat(100)))).status, 400);
});

test('given archives as tar streams, plain and compressed, when they are piped in, then they are unpacked', async () => {
  const name = await made('piped', 'running');
  await inside(name, 'mkdir -p /in');
  const archive = await tarOf([{ name: 'f', text: 'plain', uid: 12, gid: 34, mode: 0o640 }]);
  await ok(['cp', '-', `${name}:/in`], { input: archive });
  assert.match(await inside(name, 'stat -c "%u %g %a %Y" /in/f'), /^12 34 640 1700000000$/m);
  for (const [how, body] of [
    ['gzip', gzipSync(archive)],
    ['zstd', zstdCompressSync(archive)],
  ] as const) {
    await inside(name, 'rm /in/f');
    assert.is((await put(name, '/in', body)).status, 200, how);
    assert.is(await inside(name, 'cat /in/f'), 'plain', how);
  }
});

test('given a container with a user, when a copy is asked for with owners, then all of it belongs to that user', async () => {
  const name = await made('owned', 'running', ['--user', '1234:567']);
  assert.is((await put(name, '/tmp', await tarOf([{ name: 'd/f', text: 'x', uid: 1, gid: 1 }]), '&copyUIDGID=1')).status, 200);
  assert.match(await inside(name, 'stat -c "%u:%g" /tmp/d /tmp/d/f'), /^1234:567\n1234:567$/m);
});

test('given directories and files in each other’s place, when a copy may not replace them, then it is refused; else it does', async () => {
  const name = await made('kinds', 'running');
  await inside(name, 'mkdir -p /k/dir/full && echo x > /k/dir/full/f && echo x > /k/file');
  const over = await tarOf([{ name: 'dir', text: 'now a file' }]);
  const under = await tarOf([{ name: 'file', type: 'directory', mode: 0o755 }]);
  for (const archive of [over, under]) assert.is((await put(name, '/k', archive, '&noOverwriteDirNonDir=true')).status, 400);
  assert.is(await inside(name, 'cat /k/file /k/dir/full/f'), 'x\nx\n');
  for (const archive of [over, under]) assert.is((await put(name, '/k', archive)).status, 200);
  assert.match(await inside(name, 'cat /k/dir; stat -c "%F" /k/file'), /^now a file.*directory/s);
});

test('given links, devices and fifos in an archive, when it is unpacked, then they are made as they are', async () => {
  const name = await made('nodes', 'running');
  const archive = await tarOf([
    { name: 'n/', type: 'directory', mode: 0o1777 },
    { name: 'n/file', text: 'once', mode: 0o6755 },
    { name: 'n/again', type: 'hardlink', linkName: 'n/file' },
    { name: 'n/soft', type: 'symlink', linkName: '../../../../etc/group', mode: 0o777, uid: 7, gid: 8 },
    { name: 'n/null', type: 'char', major: 1, minor: 3, mode: 0o666 },
    { name: 'n/fifo', type: 'fifo', mode: 0o600 },
  ]);
  assert.equal(await put(name, '/tmp', archive), { status: 200, body: '' });
  const said = await inside(
    name,
    'cd /tmp/n && stat -c "%n %F %a %u %g %h" * && stat -c "%t:%T" null && readlink soft && stat -c "%a %Y" .',
  );
  assert.match(said, /^again regular file 6755 0 0 2$/m);
  assert.match(said, /^file regular file 6755 0 0 2$/m);
  assert.match(said, /^soft symbolic link 777 7 8 1$/m);
  assert.match(said, /^fifo fifo 600/m);
  assert.match(said, /^1:3$/m);
  assert.match(said, /^\.\.\/\.\.\/\.\.\/\.\.\/etc\/group$/m);
  assert.match(said, /^1777 1700000000$/m);
  const back = await run('sh', ['-c', 'docker cp "$0" - | tar -tv', `${name}:/tmp/n`], { env: daemon.env });
  assert.match(back.stdout, /^crw-rw-rw-.*1,3.* n\/null$/m);
  assert.match(back.stdout, /^prw-------.* n\/fifo$/m);
  assert.match(back.stdout, /n\/(again link to n\/file|file link to n\/again)/);
});

test('given hostile archives, when they are unpacked, then nothing is written outside of the container', async () => {
  const name = await made('hostile', 'running');
  const outside = join(scratch, 'outside');
  await writeFile(outside, 'untouched');
  await inside(name, `mkdir -p /h && ln -s ${scratch} /h/there && mkdir -p ${scratch} && echo mine > ${outside}`);
  const device = { type: 'char', major: 1, minor: 3 } as const;
  const escapes: readonly (readonly [what: string, status: number, archive: Buffer])[] = [
    ['a name that climbs', 400, await tarOf([{ name: '../../../../../../escaped', text: 'x' }])],
    [
      'a link that is written through',
      400,
      await tarOf([
        { name: 'l', type: 'symlink', linkName: '/etc' },
        { name: 'l/escaped', text: 'x' },
      ]),
    ],
    ['a hard link that climbs', 400, await tarOf([{ name: 'h', type: 'hardlink', linkName: '../../../../etc/shadow' }])],
    ['a hard link to nothing', 400, await tarOf([{ name: 'h', type: 'hardlink', linkName: 'nothing' }])],
    ['a file in the place of the directory', 400, await tarOf([{ name: '.', text: 'x' }])],
    ['a name without end', 400, await tarOf([{ name: 'n/'.repeat(3000), text: 'x' }])],
    ['a name of 300 bytes', 400, await tarOf([{ name: 'n'.repeat(300), text: 'x' }])],
    ['a sparse file', 400, await sparse()],
    ['a header without end', 400, await endless()],
    [
      'a file beneath a device',
      400,
      await tarOf([
        { name: 'd', ...device },
        { name: 'd/x', text: 'x' },
      ]),
    ],
  ];
  for (const [what, status, archive] of escapes) assert.is((await put(name, '/h', archive)).status, status, what);
  // An absolute name counts from the directory that was asked for; a link of the container leads where it leads there.
  assert.is((await put(name, '/h', await tarOf([{ name: '/etc/absolute', text: 'x' }]))).status, 200);
  assert.is((await put(name, '/h', await tarOf([{ name: 'there/outside', text: 'overwritten' }]))).status, 200);
  assert.is(await inside(name, `cat /h/etc/absolute; cat ${outside}`), 'xoverwritten');
  assert.is(await readFile(outside, 'utf8'), 'untouched');
  for (const path of ['/escaped', '/etc/escaped', '/etc/absolute']) assert.not((await stat(path).catch(() => undefined))?.isFile(), path);
  assert.is(await inside(name, 'ls /escaped /etc/escaped 2>/dev/null; echo none'), 'none\n');
});

test('given a container that swaps a directory for a link to the host’s while it is copied, then the host’s files stay as they are', async () => {
  const trap = await mkdtemp(join(scratch, 'trap-'));
  await mkdir(join(trap, 'sub'));
  await writeFile(join(trap, 'sub', 'secret'), 'of the host');
  const name = await made('swapping', 'running');
  await inside(name, `mkdir -p /w/a/sub /w/b ${trap} && echo inner > /w/a/sub/secret`);
  // /w/a is a directory, and then a link to a path that only the host has files at.
  await ok([
    'exec',
    '-d',
    name,
    'sh',
    '-c',
    `while :; do mv /w/a /w/dir && ln -s ${trap} /w/a && rm /w/a && mv /w/dir /w/a; done 2>/dev/null`,
  ]);
  const archive = await tarOf([
    { name: 'a/sub/secret', text: 'planted' },
    { name: 'a/sub/deep/er', text: 'planted' },
    { name: 'a/planted', text: 'planted' },
  ]);
  const statuses = new Set<number>();
  for (let tries = 0; tries < 150; tries += 1) {
    statuses.add((await put(name, '/w', archive)).status);
    const { code, stdout } = await run('sh', ['-c', 'docker cp "$0" - 2>/dev/null | tar -xO 2>/dev/null', `${name}:/w/a`], {
      env: daemon.env,
    });
    assert.ok(code >= 0);
    assert.not.match(stdout, /of the host/);
  }
  assert.ok(statuses.has(200), `some copies came through: ${[...statuses].join(' ')}`);
  assert.equal(await readdir(trap), ['sub']);
  assert.equal(await readdir(join(trap, 'sub')), ['secret']);
  assert.is(await readFile(join(trap, 'sub', 'secret'), 'utf8'), 'of the host');
});

test('given magic links of /proc, when they are copied through, then nothing of the host comes', async () => {
  const name = await made('magic', 'running', ['--pid', 'host']);
  for (const path of [`/proc/${process.pid}/root/etc/hostname`, `/proc/${daemon.pid}/cwd/`, '/proc/1/root/']) {
    const { status } = await ask(daemon.socket, 'GET', `/containers/${name}/archive?path=${encodeURIComponent(path)}`);
    assert.ok(status >= 400, `${path}: ${status}`);
    assert.ok((await put(name, path, await tarOf([{ name: 'x', text: 'x' }]))).status >= 400, path);
  }
});

test('given a container, when it is exported, then all of its own files are in the tar, and nothing that is mounted', async () => {
  for (const kind of ['running', 'exited'] as const) {
    const name = await made(`export-${kind}`, kind, ['-v', '/data', '--tmpfs', '/scratch']);
    await ok(['cp', join(host, 'file'), `${name}:/data/in-the-volume`]);
    await ok(['cp', join(host, 'file'), `${name}:/exported`]);
    const { code, stdout, stderr } = await run('sh', ['-c', 'docker export "$0" | tar -t', name], { env: daemon.env });
    assert.is(code, 0, stderr);
    const listed = stdout.split('\n');
    for (const entry of ['exported', 'bin/', 'etc/', 'bin/busybox', 'data/']) assert.ok(listed.includes(entry), `${entry} in ${kind}`);
    assert.not.match(stdout, /in-the-volume|^proc\/./m);
  }
  const imported = await run('sh', ['-c', 'docker export export-running | docker import - reimported:1'], { env: daemon.env });
  assert.is(imported.code, 0, imported.stderr);
  assert.is(await ok(['run', '--rm', 'reimported:1', 'cat', '/exported']), 'content of a file\n');
});

test('given a container that runs, when all of it is copied, then what the kernel makes up is left out, and what is mounted is there', async () => {
  const name = await made('all', 'running', ['-v', '/data', '--tmpfs', '/scratch', '--privileged']);
  await inside(name, 'echo x > /data/d && echo x > /scratch/s');
  const listed = await namesAt(name, '/');
  for (const entry of ['/proc/', '/sys/', '/dev/null', '/data/d', '/scratch/s', '/bin/busybox']) assert.ok(listed.includes(entry), entry);
  assert.equal(
    listed.filter((entry) => /^\/(proc|sys)\/./.test(entry)),
    [],
  );
  const out = await mkdtemp(join(scratch, 'out-'));
  await ok(['cp', `${name}:/`, join(out, 'docker')]);
  assert.is((await daemon.shiplog(['cp', `${name}:/`, join(out, 'own')])).code, 0);
  for (const tree of ['docker', 'own']) assert.is(await readFile(join(out, tree, 'data', 'd'), 'utf8'), 'x\n');
});

test('given copies and an export, when docker events are asked, then they are told as Docker tells them', async () => {
  const since = (Date.now() / 1000).toFixed(3);
  const name = await made('told', 'created');
  await ok(['cp', join(host, 'file'), `${name}:/etc/f`]);
  await ok(['cp', `${name}:/etc/f`, join(scratch, 'told')]);
  await ok(['export', '-o', join(scratch, 'told.tar'), name]);
  const until = (Date.now() / 1000 + 0.001).toFixed(3);
  const format = '{{.Action}} {{.Actor.Attributes.name}}';
  const told = await ok(['events', '--since', since, '--until', until, '--filter', 'type=container', '--format', format]);
  assert.equal(told.trim().split('\n'), ['create told', 'extract-to-dir told', 'archive-path told', 'export told']);
  const { stdout } = await daemon.shiplog([
    'audit',
    '--object',
    `container/${(await ok(['inspect', '-f', '{{.Id}}', name])).trim()}`,
    '--format',
    'json',
  ]);
  const acts = stdout
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as { verb: string; path?: string; status: string });
  const copies = acts.filter(({ verb }) => verb === 'container.extract' || verb === 'container.archive' || verb === 'container.export');
  assert.equal(
    copies.map(({ verb, path, status }) => [verb, path, status]),
    [
      ['container.extract', '/etc', 'ok'],
      ['container.archive', '/etc/f', 'ok'],
      ['container.export', undefined, 'ok'],
    ],
  );
});

test('given shiplog, when it copies in and out, by paths and by streams, then it does what docker does', async () => {
  const shiplog = async (...args: readonly string[]): Promise<string> => {
    const { code, stdout, stderr } = await daemon.shiplog(args);
    assert.is(code, 0, `shiplog ${args.join(' ')}: ${stderr}`);
    return stdout;
  };
  for (const kind of ['running', 'created'] as const) {
    const name = await made(`own-${kind}`, kind);
    await shiplog('cp', join(host, 'file'), `${name}:/etc`);
    await shiplog('cp', join(host, 'file'), `${name}:/etc/renamed`);
    await shiplog('cp', join(host, 'tree'), `${name}:/made`);
    await shiplog('cp', join(host, 'tree'), `${name}:/made`);
    await shiplog('cp', `${join(host, 'tree')}/.`, `${name}:/tmp`);
    assert.equal(await namesAt(name, '/made'), ['made/', 'made/link', 'made/sub/', 'made/sub/empty/', 'made/sub/script', 'made/tree/', 'made/tree/link', 'made/tree/sub/', 'made/tree/sub/empty/', 'made/tree/sub/script']); // prettier-ignore
    assert.equal(await namesAt(name, '/tmp/link'), ['link']);
    const [own, docker] = [await mkdtemp(join(scratch, 'own-')), await mkdtemp(join(scratch, 'docker-'))];
    for (const [from, to] of [
      ['/etc/file', ''],
      ['/etc/renamed', 'other'],
      ['/made', ''],
      ['/made', 'new'],
      ['/made/sub/.', ''],
      ['/tmp/link', ''],
    ]) {
      await shiplog('cp', `${name}:${from}`, join(own, to ?? ''));
      await ok(['cp', `${name}:${from}`, join(docker, to ?? '')]);
    }
    const same = await run('diff', ['-r', '--no-dereference', own, docker]);
    assert.is(same.code, 0, same.stdout);
    await shiplog('cp', '-L', `${name}:/made/link`, join(own, 'followed'));
    assert.is(await readFile(join(own, 'followed'), 'utf8'), '#!/bin/sh\n');
    const piped = await run(
      'sh',
      ['-c', 'shiplog cp "$0:/made" - | shiplog cp - "$0:/srv-piped" || exit 3; shiplog export "$0" | tar -t | grep -c made/', name],
      {
        env: { ...daemon.env, PATH: `${join(import.meta.dirname, '../../../node_modules/.bin')}:${process.env['PATH']}` },
      },
    );
    assert.is(piped.code, 3, 'a tar needs a directory that is there');
    await shiplog('export', '-q', '-o', join(own, 'all.tar'), name);
    assert.match((await run('tar', ['-tf', join(own, 'all.tar')])).stdout, /^made\/sub\/script$/m);
  }
  const failing = async (...args: readonly string[]): Promise<string> => {
    const { code, stderr } = await daemon.shiplog(args);
    assert.is.not(code, 0, args.join(' '));
    return stderr;
  };
  assert.match(await failing('cp', 'own-running:/a', 'own-created:/b'), 'between containers is not supported');
  assert.match(await failing('cp', host, scratch), 'one side must be in a container');
  assert.match(await failing('cp', 'own-running:/no/such', scratch), 'Could not find the file /no/such in container own-running');
  assert.match(await failing('cp', join(host, 'tree'), 'own-running:/etc/group'), 'cannot copy a directory');
  assert.match(await failing('cp', join(host, 'file'), 'own-running:/nothing/'), 'must exist');
  assert.match(await failing('cp', join(host, 'nothing'), 'own-running:/'), 'cannot read');
  assert.match(await failing('cp', 'own-running:/made', join(host, 'file')), 'cannot copy a directory');
});

test('given a client that hangs up in the middle of a copy, when it is gone, then the container is free and nothing is mounted', async () => {
  const name = await made('left', 'created');
  const connection = RawConnection.request(
    daemon.socket,
    'PUT',
    `/containers/${name}/archive?path=/`,
    { 'Content-Length': '1000000' },
    'x',
  );
  await until(async () => (await daemon.events()).some(({ type }) => type === 'container.extract.requested'));
  connection.hangUp();
  await ok(['start', name]);
  await ok(['stop', '-t', '0', name]);
  // One who reads, and takes nothing.
  await ok(['cp', '-', `${name}:/`], { input: await tarOf([{ name: 'large', text: 'x'.repeat(8 << 20) }]) });
  const { reading, close } = await stalled(`/containers/${name}/archive?path=/large`);
  assert.is(await reading, 200);
  close();
  await ok(['start', name]);
  await ok(['stop', '-t', '0', name]);
  const again = await stalled(`/containers/${name}/export`);
  assert.is(await again.reading, 200);
  await ok(['rm', '-f', name]);
  again.close();
  names.length = 0;
});

test('given an engine that is killed while archives come and go, when it is back, then they are recorded as interrupted, and nothing is mounted', async () => {
  const name = await made('killed', 'created', ['-v', 'killed-data:/data']);
  await ok(['cp', '-', `${name}:/`], { input: await tarOf([{ name: 'large', text: 'x'.repeat(8 << 20) }]) });
  const half = (
    await tarOf([
      { name: 'data/whole', text: 'x' },
      { name: 'half', text: 'x'.repeat(100_000) },
    ])
  ).subarray(0, 4096);
  const before = (await daemon.events()).length;
  const connection = RawConnection.request(daemon.socket, 'PUT', `/containers/${name}/archive?path=/`, { 'Content-Length': '1000000' });
  connection.socket.write(half);
  await until(async () => (await daemon.events()).slice(before).some(({ type }) => type === 'container.extract.requested'));
  await until(async () => (await hostTraces(daemon.directory)).some((trace) => trace.includes('rootfs')));
  await daemon.end('SIGKILL');
  connection.hangUp();
  await daemon.start();
  const after = (await daemon.events()).slice(before);
  const outcome = after.find(({ type }) => type === 'container.extract.failed');
  assert.is(outcome?.result?.error?.code, 'CANCELED');
  assert.equal(
    after.filter(({ type }) => type === 'host.drifted'),
    [],
  );
  assert.equal(
    (await hostTraces(daemon.directory)).filter((trace) => /^(mount|rootfs) /.test(trace) && trace.includes('rootfs')),
    [],
  );
  const { reading, close } = await stalled(`/containers/${name}/archive?path=/large`);
  assert.is(await reading, 200);
  await daemon.end('SIGKILL');
  close();
  await daemon.start();
  assert.equal(
    (await hostTraces(daemon.directory)).filter((trace) => trace.includes('rootfs')),
    [],
  );
  await ok(['start', name]);
});

test('given all of the above, when the host is looked at, then nothing of it is left', async () => {
  assert.equal(await hostTraces(daemon.directory), []);
  assert.is((await lstat(join(scratch, 'outside'))).size, 9);
});

/** A GET whose answer begins and is not read. */
async function stalled(path: string): Promise<{ readonly reading: Promise<number>; close(): void }> {
  const call = request({ socketPath: daemon.socket, method: 'GET', path, agent: false });
  call.on('error', () => undefined);
  const reading = new Promise<number>((resolve, reject) => {
    call.on('response', (response) => {
      response.pause();
      response.on('error', () => undefined);
      resolve(response.statusCode ?? 0);
    });
    call.on('error', reject);
  });
  call.end();
  return { reading, close: () => void call.destroy() };
}

async function until(holds: () => Promise<boolean>): Promise<void> {
  while (!(await holds())) await new Promise((resolve) => setTimeout(resolve, 20));
}

/** A file in GNU's sparse format (type S), which says that it is larger than all disks. */
async function sparse(): Promise<Buffer> {
  const archive = await tarOf([{ name: 'sparse', text: 'x' }]);
  archive.write('S', 156, 'latin1');
  return summed(archive);
}

/** A pax header that claims to be of eight gigabytes. */
async function endless(): Promise<Buffer> {
  const archive = await tarOf([{ name: 'x', text: 'x' }]);
  archive.write('x', 156, 'latin1');
  archive.write('77777777777', 124, 'latin1');
  return summed(archive);
}

/** The same with the right checksum of its first header. */
function summed(archive: Buffer): Buffer {
  archive.fill(' ', 148, 156);
  const sum = archive.subarray(0, 512).reduce((total, byte) => total + byte, 0);
  archive.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
  return archive;
}

test.run();
