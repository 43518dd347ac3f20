// time limit: 500 s
import { execFileSync } from 'node:child_process';
import { appendFile, mkdtemp, readdir, readFile, readlink, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import * as assert from 'uvu/assert';
import { run } from '@shiplog/test-support';
import { Copies } from './copies.ts';
import { ask } from './raw-http.ts';
import { tarOf } from './tar-of.ts';

const { test, copies } = await Copies.suite('docker cp');

for (const kind of ['running', 'created', 'exited'] as const) {
  test(`given a container that is ${kind}, when files and directories are copied in and out, then they are the same`, async () => {
    const name = await copies.made(`both-${kind}`, kind);
    await copies.ok(['cp', join(copies.host, 'file'), `${name}:/etc/copied`]);
    await copies.ok(['cp', join(copies.host, 'tree'), `${name}:/srv-tree`]);
    await copies.ok(['cp', `${join(copies.host, 'tree')}/.`, `${name}:/etc`]);
    const out = await mkdtemp(join(copies.scratch, 'out-'));
    await copies.ok(['cp', `${name}:/etc/copied`, join(out, 'file')]);
    await copies.ok(['cp', `${name}:/srv-tree`, out]);
    assert.is(await readFile(join(out, 'file'), 'utf8'), 'content of a file\n');
    assert.is(await readlink(join(out, 'srv-tree', 'link')), 'sub/script');
    assert.equal(await readdir(join(out, 'srv-tree', 'sub')), ['empty', 'script']);
    assert.equal(await copies.namesAt(name, '/srv-tree'), [
      'srv-tree/',
      'srv-tree/link',
      'srv-tree/sub/',
      'srv-tree/sub/empty/',
      'srv-tree/sub/script',
    ]);
    assert.equal(await copies.namesAt(name, '/srv-tree/sub/.'), ['./', './empty/', './script']);
    assert.equal(await copies.namesAt(name, '/etc/sub/script'), ['script']);
    if (kind === 'running') assert.match(await copies.inside(name, 'stat -c "%a %u %g" /srv-tree/sub/script'), /^4755 0 0$/m);
    else {
      await copies.ok(['start', name]);
      assert.equal(await copies.namesAt(name, '/srv-tree/sub'), ['sub/', 'sub/empty/', 'sub/script']);
    }
  });
}

test('given links, when they are copied, then they are links, and followed where docker is told to', async () => {
  const name = await copies.made('links', 'running');
  await copies.inside(name, 'mkdir /d && echo x > /d/f && ln -s /d /abs && ln -s d/f /rel && ln -s /nowhere/at/all /dangling');
  const out = await mkdtemp(join(copies.scratch, 'out-'));
  for (const link of ['abs', 'rel', 'dangling']) await copies.ok(['cp', `${name}:/${link}`, out]);
  assert.equal(await Promise.all(['abs', 'rel', 'dangling'].map((link) => readlink(join(out, link)))), ['/d', 'd/f', '/nowhere/at/all']);
  await copies.ok(['cp', '-L', `${name}:/rel`, join(out, 'followed')]);
  assert.is(await readFile(join(out, 'followed'), 'utf8'), 'x\n');
  assert.equal(await copies.namesAt(name, '/abs/'), ['abs/', 'abs/f']);
  await copies.ok(['cp', join(copies.host, 'file'), `${name}:/abs`]);
  assert.is(await copies.inside(name, 'cat /d/file'), 'content of a file\n');
});

test('given volumes, binds and a tmpfs, when paths in them are copied, then they are what the container has there', async () => {
  const bound = await mkdtemp(join(copies.scratch, 'bound-'));
  await writeFile(join(bound, 'of-the-host'), 'here\n');
  const flags = ['-v', 'copied-data:/data', '-v', `${bound}:/bound`, '-v', `${bound}:/bound-ro:ro`, '--tmpfs', '/scratch'];
  for (const kind of ['created', 'running'] as const) {
    const name = await copies.made(`mounts-${kind}`, kind, flags);
    await copies.ok(['cp', join(copies.host, 'file'), `${name}:/data/${kind}`]);
    await copies.ok(['cp', join(copies.host, 'file'), `${name}:/bound/${kind}`]);
    assert.is(await readFile(join(bound, kind), 'utf8'), 'content of a file\n');
    assert.equal(await copies.namesAt(name, '/bound/of-the-host'), ['of-the-host']);
    const refused = await copies.daemon.docker(['cp', join(copies.host, 'file'), `${name}:/bound-ro/no`]);
    assert.is(refused.code, 1);
    assert.match(refused.stderr, /read-only/);
    assert.is((await copies.put(name, '/bound-ro', await tarOf([{ name: 'no', text: 'x' }]))).status, 403);
  }
  assert.is(await copies.inside('mounts-running', 'cat /data/created /data/running'), 'content of a file\ncontent of a file\n');
  await copies.inside('mounts-running', 'echo kept > /scratch/f');
  await copies.ok(['cp', join(copies.host, 'file'), 'mounts-running:/scratch/in']);
  assert.equal(await copies.namesAt('mounts-running', '/scratch'), ['scratch/', 'scratch/f', 'scratch/in']);
  assert.is(await copies.inside('mounts-running', 'cat /scratch/in'), 'content of a file\n');
  await copies.removeAll();
  await copies.ok(['volume', 'rm', 'copied-data']);
});

test('given a read-only root, when somebody copies into it, then it is refused, and its volumes take the copy', async () => {
  for (const kind of ['created', 'running'] as const) {
    const name = await copies.made(`ro-${kind}`, kind, ['--read-only', '-v', '/data']);
    const { status, body } = await copies.put(name, '/etc', await tarOf([{ name: 'no', text: 'x' }]));
    assert.is(status, 403, body);
    assert.match(body, /read-only/);
    assert.is((await copies.put(name, '/data', await tarOf([{ name: 'yes', text: 'x' }]))).status, 200);
    assert.equal(await copies.namesAt(name, '/data/yes'), ['yes']);
  }
});

test('given what is not there, or no directory, when it is copied, then the answer says so', async () => {
  const name = await copies.made('missing', 'running');
  const { code, stderr } = await copies.daemon.docker(['cp', `${name}:/no/such`, copies.scratch]);
  assert.is(code, 1);
  assert.match(stderr, `Could not find the file /no/such in container ${name}`);
  const archive = await tarOf([{ name: 'f', text: 'x' }]);
  const statuses = async (method: string, path: string, body?: Uint8Array) =>
    (await ask(copies.daemon.socket, method, `/containers/${path}`, body)).status;
  assert.is(await statuses('GET', 'nobody/archive?path=/'), 404);
  assert.is(await statuses('HEAD', `${name}/archive?path=/no`), 404);
  assert.is(await statuses('GET', `${name}/archive?path=/etc/group/x`), 404);
  assert.is(await statuses('GET', `${name}/archive`), 400);
  assert.is(await statuses('GET', `${name}/archive?path=/etc%00`), 400);
  assert.is(await statuses('GET', 'nobody/export'), 404);
  assert.is((await copies.put('nobody', '/', archive)).status, 404);
  assert.is((await copies.put(name, '/no/such', archive)).status, 404);
  assert.is((await copies.put(name, '/etc/group', archive)).status, 400);
  assert.match((await copies.put(name, '/etc/group', archive)).body, /not a directory/);
  assert.is(await statuses('PUT', `${name}/archive`, archive), 400);
  assert.is((await copies.put(name, '/tmp', Buffer.from('this is no tar'.repeat(100)))).status, 400);
});

test('given archives as tar streams, plain and compressed, when they are piped in, then they are unpacked', async () => {
  const name = await copies.made('piped', 'running');
  await copies.inside(name, 'mkdir -p /in');
  const archive = await tarOf([{ name: 'f', text: 'plain', uid: 12, gid: 34, mode: 0o640 }]);
  await copies.ok(['cp', '-', `${name}:/in`], { input: archive });
  assert.match(await copies.inside(name, 'stat -c "%u %g %a %Y" /in/f'), /^12 34 640 1700000000$/m);
  for (const [how, body] of [
    ['gzip', gzipSync(archive)],
    ['zstd', zstdCompressSync(archive)],
    ['xz', execFileSync('xz', ['-c'], { input: archive })],
    ['bzip2', execFileSync('bzip2', ['-c'], { input: archive })],
  ] as const) {
    await copies.inside(name, 'rm /in/f');
    assert.is((await copies.put(name, '/in', body)).status, 200, how);
    assert.is(await copies.inside(name, 'cat /in/f'), 'plain', how);
    if (how === 'gzip' || how === 'zstd') continue;
    const cut = await copies.put(name, '/in', body.subarray(0, body.length - 20));
    assert.is(cut.status, 400, how);
    assert.match(cut.body, new RegExp(`${how} data could not be decompressed: .*${how}:.*end`), how);
  }
  // One that would take more memory than an archive may.
  const large = await copies.put(name, '/in', execFileSync('xz', ['-c', '--lzma2=preset=0,dict=300MiB'], { input: archive }));
  assert.is(large.status, 400);
  assert.match(large.body, /Memory usage limit reached/);
});

test('given a sparse file in an archive, when it is copied in or imported, then it is as it was, and takes no more room', async () => {
  const name = await copies.made('sparse', 'running');
  const at = join(copies.scratch, 'sparse');
  await writeFile(at, 'begin');
  await truncate(at, 64 << 20);
  await appendFile(at, 'end');
  for (const format of ['gnu', 'posix']) {
    const archive = join(copies.scratch, `${format}.tar`);
    assert.is((await run('tar', ['-cSf', archive, `--format=${format}`, '-C', copies.scratch, 'sparse'])).code, 0);
    await copies.inside(name, `mkdir /${format}`);
    await copies.ok(['cp', '-', `${name}:/${format}`], { input: await readFile(archive) });
    const [size = 0, blocks = 0] = (await copies.inside(name, `stat -c "%s %b" /${format}/sparse`)).split(' ').map(Number);
    assert.is(size, (64 << 20) + 3);
    assert.ok(blocks * 512 < 1 << 20, `${blocks} blocks`);
    await copies.ok(['import', archive, `sparse:${format}`]);
    await copies.ok(['create', '--name', format, `sparse:${format}`, 'true']);
    for (const from of [`${name}:/${format}/sparse`, `${format}:/sparse`]) {
      await copies.ok(['cp', from, join(copies.scratch, 'back')]);
      assert.is((await run('cmp', [at, join(copies.scratch, 'back')])).code, 0, from);
    }
    await copies.ok(['rm', format]);
  }
});

test('given a container with a user, when a copy is asked for with owners, then all of it belongs to that user', async () => {
  const name = await copies.made('owned', 'running', ['--user', '1234:567']);
  assert.is((await copies.put(name, '/tmp', await tarOf([{ name: 'd/f', text: 'x', uid: 1, gid: 1 }]), '&copyUIDGID=1')).status, 200);
  assert.match(await copies.inside(name, 'stat -c "%u:%g" /tmp/d /tmp/d/f'), /^1234:567\n1234:567$/m);
});

test('given directories and files in each other’s place, when a copy may not replace them, then it is refused; else it does', async () => {
  const name = await copies.made('kinds', 'running');
  await copies.inside(name, 'mkdir -p /k/dir/full && echo x > /k/dir/full/f && echo x > /k/file');
  const over = await tarOf([{ name: 'dir', text: 'now a file' }]);
  const under = await tarOf([{ name: 'file', type: 'directory', mode: 0o755 }]);
  for (const archive of [over, under]) assert.is((await copies.put(name, '/k', archive, '&noOverwriteDirNonDir=true')).status, 400);
  assert.is(await copies.inside(name, 'cat /k/file /k/dir/full/f'), 'x\nx\n');
  for (const archive of [over, under]) assert.is((await copies.put(name, '/k', archive)).status, 200);
  assert.match(await copies.inside(name, 'cat /k/dir; stat -c "%F" /k/file'), /^now a file.*directory/s);
});

test('given links, devices and fifos in an archive, when it is unpacked, then they are made as they are', async () => {
  const name = await copies.made('nodes', 'running');
  const archive = await tarOf([
    { name: 'n/', type: 'directory', mode: 0o1777 },
    { name: 'n/file', text: 'once', mode: 0o6755 },
    { name: 'n/again', type: 'hardlink', linkName: 'n/file' },
    { name: 'n/soft', type: 'symlink', linkName: '../../../../etc/group', mode: 0o777, uid: 7, gid: 8 },
    { name: 'n/null', type: 'char', major: 1, minor: 3, mode: 0o666 },
    { name: 'n/fifo', type: 'fifo', mode: 0o600 },
  ]);
  assert.equal(await copies.put(name, '/tmp', archive), { status: 200, body: '' });
  const said = await copies.inside(
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
  const back = await run('sh', ['-c', 'docker cp "$0" - | tar -tv', `${name}:/tmp/n`], { env: copies.daemon.env });
  assert.match(back.stdout, /^crw-rw-rw-.*1,3.* n\/null$/m);
  assert.match(back.stdout, /^prw-------.* n\/fifo$/m);
  assert.match(back.stdout, /n\/(again link to n\/file|file link to n\/again)/);
});

test('given a container, when it is exported, then all of its own files are in the tar, and nothing that is mounted', async () => {
  for (const kind of ['running', 'exited'] as const) {
    const name = await copies.made(`export-${kind}`, kind, ['-v', '/data', '--tmpfs', '/scratch']);
    await copies.ok(['cp', join(copies.host, 'file'), `${name}:/data/in-the-volume`]);
    await copies.ok(['cp', join(copies.host, 'file'), `${name}:/exported`]);
    const { code, stdout, stderr } = await run('sh', ['-c', 'docker export "$0" | tar -t', name], { env: copies.daemon.env });
    assert.is(code, 0, stderr);
    const listed = stdout.split('\n');
    for (const entry of ['exported', 'bin/', 'etc/', 'bin/busybox', 'data/']) assert.ok(listed.includes(entry), `${entry} in ${kind}`);
    assert.not.match(stdout, /in-the-volume|^proc\/./m);
  }
  const imported = await run('sh', ['-c', 'docker export export-running | docker import - reimported:1'], { env: copies.daemon.env });
  assert.is(imported.code, 0, imported.stderr);
  assert.is(await copies.ok(['run', '--rm', 'reimported:1', 'cat', '/exported']), 'content of a file\n');
});

test('given a container that runs, when all of it is copied, then what the kernel makes up is left out, and what is mounted is there', async () => {
  const name = await copies.made('all', 'running', ['-v', '/data', '--tmpfs', '/scratch', '--privileged']);
  await copies.inside(name, 'echo x > /data/d && echo x > /scratch/s');
  const listed = await copies.namesAt(name, '/');
  for (const entry of ['/proc/', '/sys/', '/dev/null', '/data/d', '/scratch/s', '/bin/busybox']) assert.ok(listed.includes(entry), entry);
  assert.equal(
    listed.filter((entry) => /^\/(proc|sys)\/./.test(entry)),
    [],
  );
  const out = await mkdtemp(join(copies.scratch, 'out-'));
  await copies.ok(['cp', `${name}:/`, join(out, 'docker')]);
  assert.is((await copies.daemon.shiplog(['cp', `${name}:/`, join(out, 'own')])).code, 0);
  for (const tree of ['docker', 'own']) assert.is(await readFile(join(out, tree, 'data', 'd'), 'utf8'), 'x\n');
});

test('given a volume that is empty, when a container that never ran is read, then what the image has there shows, and the volume stays empty', async () => {
  const name = await copies.made('unseeded', 'created', ['-v', 'unseeded-data:/etc', '-v', 'unseeded-plain:/etc/none:nocopy']);
  const held = async (volume: string): Promise<readonly string[]> =>
    readdir((await copies.ok(['volume', 'inspect', '-f', '{{.Mountpoint}}', volume])).trim());
  await copies.ok(['cp', `${name}:/etc/passwd`, join(copies.scratch, 'passwd')]);
  assert.match(await readFile(join(copies.scratch, 'passwd'), 'utf8'), /^root:/);
  assert.equal(await held('unseeded-data'), []);
  await copies.ok(['cp', join(copies.host, 'file'), `${name}:/etc/file`]);
  assert.ok((await held('unseeded-data')).includes('passwd'), 'as at a start');
  await copies.ok(['start', name]);
  assert.match(await copies.ok(['exec', name, 'cat', '/etc/passwd', '/etc/file']), /^root:.*content of a file/s);
});

test('given shiplog, when it copies in and out, by paths and by streams, then it does what docker does', async () => {
  const shiplog = async (...args: readonly string[]): Promise<string> => {
    const { code, stdout, stderr } = await copies.daemon.shiplog(args);
    assert.is(code, 0, `shiplog ${args.join(' ')}: ${stderr}`);
    return stdout;
  };
  for (const kind of ['running', 'created'] as const) {
    const name = await copies.made(`own-${kind}`, kind);
    await shiplog('cp', join(copies.host, 'file'), `${name}:/etc`);
    await shiplog('cp', join(copies.host, 'file'), `${name}:/etc/renamed`);
    await shiplog('cp', join(copies.host, 'tree'), `${name}:/made`);
    await shiplog('cp', join(copies.host, 'tree'), `${name}:/made`);
    await shiplog('cp', `${join(copies.host, 'tree')}/.`, `${name}:/tmp`);
    assert.equal(await copies.namesAt(name, '/made'), ['made/', 'made/link', 'made/sub/', 'made/sub/empty/', 'made/sub/script', 'made/tree/', 'made/tree/link', 'made/tree/sub/', 'made/tree/sub/empty/', 'made/tree/sub/script']); // prettier-ignore
    assert.equal(await copies.namesAt(name, '/tmp/link'), ['link']);
    const [own, docker] = [await mkdtemp(join(copies.scratch, 'own-')), await mkdtemp(join(copies.scratch, 'docker-'))];
    for (const [from, to] of [
      ['/etc/file', ''],
      ['/etc/renamed', 'other'],
      ['/made', ''],
      ['/made', 'new'],
      ['/made/sub/.', ''],
      ['/tmp/link', ''],
    ]) {
      await shiplog('cp', `${name}:${from}`, join(own, to ?? ''));
      await copies.ok(['cp', `${name}:${from}`, join(docker, to ?? '')]);
    }
    const same = await run('diff', ['-r', '--no-dereference', own, docker]);
    assert.is(same.code, 0, same.stdout);
    await shiplog('cp', '-L', `${name}:/made/link`, join(own, 'followed'));
    assert.is(await readFile(join(own, 'followed'), 'utf8'), '#!/bin/sh\n');
    const piped = await run(
      'sh',
      ['-c', 'shiplog cp "$0:/made" - | shiplog cp - "$0:/srv-piped" || exit 3; shiplog export "$0" | tar -t | grep -c made/', name],
      {
        env: { ...copies.daemon.env, PATH: `${join(import.meta.dirname, '../../../node_modules/.bin')}:${process.env['PATH']}` },
      },
    );
    assert.is(piped.code, 3, 'a tar needs a directory that is there');
    await shiplog('export', '-q', '-o', join(own, 'all.tar'), name);
    assert.match((await run('tar', ['-tf', join(own, 'all.tar')])).stdout, /^made\/sub\/script$/m);
  }
  const failing = async (...args: readonly string[]): Promise<string> => {
    const { code, stderr } = await copies.daemon.shiplog(args);
    assert.is.not(code, 0, args.join(' '));
    return stderr;
  };
  assert.match(await failing('cp', 'own-running:/a', 'own-created:/b'), 'between containers is not supported');
  assert.match(await failing('cp', copies.host, copies.scratch), 'one side must be in a container');
  assert.match(await failing('cp', 'own-running:/no/such', copies.scratch), 'Could not find the file /no/such in container own-running');
  assert.match(await failing('cp', join(copies.host, 'tree'), 'own-running:/etc/group'), 'cannot copy a directory');
  assert.match(await failing('cp', join(copies.host, 'file'), 'own-running:/nothing/'), 'must exist');
  assert.match(await failing('cp', join(copies.host, 'nothing'), 'own-running:/'), 'cannot read');
  assert.match(await failing('cp', 'own-running:/made', join(copies.host, 'file')), 'cannot copy a directory');
});

test('given all of the above, when the host is looked at, then nothing of it is left', () => copies.isClean());

test.run();
