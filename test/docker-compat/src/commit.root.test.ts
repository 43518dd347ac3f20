// time limit: 600 s
import { randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { btrfsImage, busyboxArchive, run, TestDaemon } from '@shiplog/test-support';
import { ask } from './raw-http.ts';

const test = suite('commit');
const IMAGE = 'busybox:test';
const scratch = await mkdtemp(join(tmpdir(), 'shiplog-commit-'));
const daemon = await TestDaemon.start();

/** Runs the docker command against an engine; it must succeed. */
function client(engine: TestDaemon): (...args: readonly string[]) => Promise<string> {
  return async (...args) => {
    const { code, stdout, stderr } = await engine.docker(args);
    assert.is(code, 0, `${args.join(' ')}: ${stderr}`);
    return stdout.trim();
  };
}

const docker = client(daemon);

test.before(async () => {
  await busyboxArchive(join(scratch, 'busybox.tar'), IMAGE);
  await docker('load', '-q', '-i', join(scratch, 'busybox.tar'));
});

test.after(async () => {
  await daemon.destroy();
  await rm(scratch, { recursive: true, force: true });
});

/** What a container does to its files, and what is to be seen of it. */
const CHANGE = [
  'echo new > /new; mkdir -p /deep/er; echo deep > /deep/er/file; ln -s ../new /deep/link; /bin/busybox ln /new /hard',
  'echo changed >> /www/index.html; rm /etc/group; rm -r /home; /bin/busybox chmod 4755 /etc/notexecutable; /bin/busybox chown 65534:10 /root',
  '/bin/busybox mkfifo /fifo; rm /bin/yes; mkdir /bin/yes; echo in > /bin/yes/in',
].join('; ');
const LOOK = [
  'cat /new /deep/er/file /www/index.html /deep/link /bin/yes/in',
  'test ! -e /etc/group && test ! -e /home && echo gone',
  '/bin/busybox stat -c "%a %u:%g %F" /etc/notexecutable /root /hard /fifo; /bin/busybox stat -c %h /hard',
].join('; ');
const SEEN = [
  'new',
  'deep',
  'hello',
  'changed',
  'new',
  'in',
  'gone',
  '4755 0:0 regular file',
  '755 65534:10 directory',
  '644 0:0 regular file',
  '644 0:0 fifo',
  '2',
].join('\n');

async function prove(driver: string, parent: string): Promise<void> {
  const directory = join(parent, driver);
  await mkdir(directory);
  const engine = await TestDaemon.start({ directory, extra: ['--storage-driver', driver] });
  const there = client(engine);
  try {
    await there('load', '-q', '-i', join(scratch, 'busybox.tar'));
    for (const state of ['stopped', 'running'] as const) {
      await there('run', '-d', '--name', state, IMAGE, 'sh', '-c', `${CHANGE}; ${state === 'running' ? 'sleep 600' : 'true'}`);
      if (state === 'stopped') await there('wait', state);
      // Until the changes are made.
      else while ((await engine.docker(['exec', state, 'test', '-e', '/bin/yes/in'])).code !== 0);
      const id = await there('commit', state, `${state}:1`);
      assert.match(id, /^sha256:[0-9a-f]{64}$/);
      assert.is(await there('run', '--rm', `${state}:1`, 'sh', '-c', LOOK), SEEN, `${driver}, ${state}`);
      assert.is(await there('inspect', '-f', '{{.State.Status}}', state), state === 'running' ? 'running' : 'exited');
      assert.equal(JSON.parse(await there('inspect', '-f', '{{json .RootFS.Layers}}', `${state}:1`)).length, 2);
      // On itself: nothing of the container is new.
      await there('create', '--name', `${state}-again`, `${state}:1`);
      await there('commit', `${state}-again`, `${state}:2`);
      assert.is(
        await there('inspect', '-f', '{{json .RootFS.Layers}}', `${state}:2`),
        await there('inspect', '-f', '{{json .RootFS.Layers}}', `${state}:1`),
      );
      assert.is((await there('diff', `${state}-again`)).trim(), '');
    }
    assert.match(await there('exec', 'running', 'echo', 'alive'), 'alive');
    assert.equal(await mountsLeft(engine), 1, 'of the one that runs');
  } finally {
    await engine.destroy();
  }
}

async function mountsLeft(engine: TestDaemon): Promise<number> {
  return (await readdir(join(engine.directory, 'run/rootfs'))).length;
}

for (const driver of ['overlay', 'vfs', 'btrfs'] as const) {
  test(`given a container with ${driver}, stopped and running, when it is committed, then the image has all that it changed`, async () => {
    if (driver === 'btrfs') {
      await using disk = await btrfsImage();
      await prove(driver, disk.path);
      return;
    }
    const parent = await mkdtemp(join(tmpdir(), 'shiplog-commit-'));
    try {
      await prove(driver, parent);
    } finally {
      await rm(parent, { recursive: true, force: true });
    }
  });
}

test('given a configuration and changes to it, when it is committed, then the image has both, author and message, and Docker tells of it', async () => {
  const since = String(Date.now() / 1000);
  await docker(
    'create',
    '--name',
    'configured',
    '-e',
    'OWN=1',
    '-l',
    'own=yes',
    '-w',
    '/tmp',
    '-p',
    '80',
    '--entrypoint',
    'sh',
    IMAGE,
    '-c',
    'true',
  );
  const changes = [
    'ENV PATHS=$PATH:$OWN',
    'LABEL extra="two words"',
    'EXPOSE 53/udp',
    'USER nobody',
    'WORKDIR sub',
    'VOLUME /held',
    'ONBUILD RUN true',
  ];
  await docker(
    'commit',
    '-a',
    'Ann <ann@example.org>',
    '-m',
    'a message',
    ...changes.flatMap((change) => ['-c', change]),
    'configured',
    'made.example/x:2',
  );
  const [image] = JSON.parse(await docker('inspect', 'made.example/x:2')) as [
    { Id: string; Author: string; Comment: string; Config: { [field: string]: unknown } },
  ];
  assert.equal([image.Author, image.Comment], ['Ann <ann@example.org>', 'a message']);
  const { Env, Labels, ExposedPorts, User, WorkingDir, Volumes, Entrypoint, Cmd } = image.Config;
  assert.equal(
    { Env, Labels, ExposedPorts, User, WorkingDir, Volumes, Entrypoint, Cmd },
    {
      Env: ['PATH=/bin:/sbin', 'OWN=1', 'PATHS=/bin:/sbin:1'],
      Labels: { own: 'yes', extra: 'two words' },
      ExposedPorts: { '80/tcp': {}, '53/udp': {} },
      User: 'nobody',
      WorkingDir: '/tmp/sub',
      Volumes: { '/held': {} },
      Entrypoint: ['sh'],
      Cmd: ['-c', 'true'],
    },
  );
  assert.match(
    await docker('history', '--no-trunc', '--format', '{{.CreatedBy}}|{{.Comment}}', 'made.example/x:2'),
    /^-c true\|a message\n/,
  );
  const events = await docker(
    'events',
    '--since',
    since,
    '--until',
    String(Date.now() / 1000 + 0.001),
    '--filter',
    'event=commit',
    '--format',
    'json',
  );
  const { Type, Actor } = JSON.parse(events) as { Type: string; Actor: { Attributes: { [name: string]: string } } };
  const { comment, imageID, imageRef } = Actor.Attributes;
  assert.equal([Type, comment, imageID, imageRef], ['container', 'a message', image.Id, 'made.example/x:2']);
  // By the API: without a name, with a configuration in the body, and an entrypoint that drops the arguments.
  const posted = await ask(
    daemon.socket,
    'POST',
    '/commit?container=configured&pause=0',
    JSON.stringify({ Entrypoint: ['env'], Env: ['A=$x "y"'], Hostname: 'h' }),
  );
  assert.is(posted.status, 201, posted.body);
  const { Id } = JSON.parse(posted.body) as { Id: string };
  assert.equal(JSON.parse(await docker('inspect', '-f', '{{json .Config.Entrypoint}} ', Id)), ['env']);
  assert.match(await docker('run', '--rm', Id), /^A=\$x "y"$/m);
});

test('given a container that is paused, or without --pause, when it is committed, then it is left as it was', async () => {
  await docker('run', '-d', '--name', 'frozen', IMAGE, 'sleep', '600');
  await docker('pause', 'frozen');
  await docker('commit', 'frozen');
  assert.is(await docker('inspect', '-f', '{{.State.Status}}', 'frozen'), 'paused');
  await docker('unpause', 'frozen');
  await docker('commit', '--pause=false', 'frozen');
  assert.is(await docker('exec', 'frozen', 'echo', 'alive'), 'alive');
  await docker('rm', '-f', 'frozen');
});

test('given a container that puts links where its directories were, when it is committed meanwhile, then nothing of the host is in the image', async () => {
  const canary = `canary-${randomBytes(9).toString('hex')}`;
  const host = join(scratch, 'host');
  await mkdir(host);
  for (let at = 0; at < 50; at += 1) await writeFile(join(host, `f${at}`), canary);
  const swap = [
    'mkdir /d; for i in $(seq 0 49); do echo mine > /d/f$i; done; echo ready > /ready',
    `while :; do /bin/busybox mv /d /e; /bin/busybox ln -s ${host} /d; rm /d; /bin/busybox mv /e /d; done`,
  ].join('; ');
  await docker('run', '-d', '--name', 'hostile', IMAGE, 'sh', '-c', swap);
  while ((await daemon.docker(['exec', 'hostile', 'test', '-e', '/ready'])).code !== 0);
  for (let times = 0; times < 5; times += 1) await docker('commit', '--pause=false', 'hostile', 'hostile:1');
  await docker('rm', '-f', 'hostile');
  const blobs = join(daemon.directory, 'root/drivers/image-store/local/blobs/sha256');
  for (const name of await readdir(blobs)) assert.not.ok((await readFile(join(blobs, name), 'latin1')).includes(canary));
});

test('given secrets in a container and in changes, when it is committed, then containers of the image have them, and the log has not', async () => {
  const [own, changed, word, label] = ['own', 'changed', 'word', 'label'].map(
    (where) => `canary-${where}-${randomBytes(9).toString('hex')}`,
  ) as [string, string, string, string];
  await docker(
    'create',
    '--name',
    'secretive',
    '-e',
    `PLAIN=${own}`,
    '-l',
    `token=${label}`,
    IMAGE,
    'sh',
    '-c',
    'env; echo "$0 $@"',
    'sh',
    `--password=${word}`,
  );
  await docker('commit', '-c', `ENV OTHER=${changed}`, '-m', `password=${changed}`, 'secretive', 'secretive:1');
  const ran = await docker('run', '--name', 'second', '-e', 'NEXT=1', '--label', `token=other${label}`, 'secretive:1');
  for (const text of [`PLAIN=${own}`, `OTHER=${changed}`, `--password=${word}`, 'NEXT=1']) assert.match(ran, text);
  const [inspected] = JSON.parse(await docker('inspect', 'second')) as [{ Args: string[]; Config: { Env: string[]; Cmd: string[] } }];
  assert.is(inspected.Args.at(-1), `--password=${word}`);
  assert.ok(inspected.Config.Env.includes(`PLAIN=${own}`));
  assert.match(await docker('inspect', '-f', '{{json .Config}}', 'secretive:1'), own);
  // An import's variables are secrets of a request as well.
  const imported = `canary-import-${randomBytes(9).toString('hex')}`;
  await run('tar', ['-C', scratch, '-cf', join(scratch, 'rootfs.tar'), 'busybox.tar']);
  await docker('import', '-c', `ENV IMPORTED=${imported}`, join(scratch, 'rootfs.tar'), 'imported:1');
  assert.match(await docker('inspect', '-f', '{{json .Config.Env}}', 'imported:1'), imported);
  // An image of a container of such an image.
  await docker('commit', 'second', 'third:1');
  assert.match(await docker('run', '--rm', 'third:1'), `PLAIN=${own}`);
  const exported = (await daemon.shiplog(['log', 'export', '--format', 'ndjson'])).stdout;
  assert.match(exported, '[concealed:');
  const log = join(daemon.directory, 'root/log');
  const places = new Map([
    ['an export', exported],
    ["the daemon's log", await daemon.log()],
  ]);
  for (const name of await readdir(log, { recursive: true })) places.set(name, await readFile(join(log, name), 'latin1').catch(() => ''));
  for (const [place, text] of places)
    for (const secret of [own, changed, word, label, imported]) assert.not.ok(text.includes(secret), `${secret} in ${place}`);
  await docker('rm', 'second', 'secretive');
  await docker('rmi', 'secretive:1', 'third:1', 'imported:1');
  const root = join(daemon.directory, 'root');
  for (const name of await readdir(root, { recursive: true })) {
    const text = await readFile(join(root, name), 'latin1').catch(() => '');
    for (const secret of [own, changed, word, imported]) assert.not.ok(text.includes(secret), `${secret} stays in ${name}`);
  }
});

test('given bad requests, when they are answered, then with the reason, and nothing is made', async () => {
  const before = await docker('images', '-aq', '--no-trunc');
  for (const [status, path] of [
    [404, '/commit?container=nobody'],
    [400, '/commit'],
    [400, '/commit?container=configured&repo=NO'],
    [400, '/commit?container=configured&changes=RUN%20true'],
    [400, '/commit?container=configured&changes=USER%20a%20b'],
  ] as const)
    assert.is((await ask(daemon.socket, 'POST', path)).status, status, path);
  assert.is(await docker('images', '-aq', '--no-trunc'), before);
});

test.run();
