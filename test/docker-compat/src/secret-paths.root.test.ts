// time limit: 300 s
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { busyboxArchive, TestDaemon } from '@shiplog/test-support';
import { ask } from './raw-http.ts';

const test = suite('paths that hold secrets');
const scratch = await mkdtemp(join(tmpdir(), 'shiplog-secret-paths-'));
const daemon = await TestDaemon.start();
const image = 'busybox:test';
/** In every secret here, and in nothing else. */
const CANARY = 'hush7f3a';

test.before(async () => {
  await busyboxArchive(join(scratch, 'busybox.tar'), image);
  await docker('load', '-q', '-i', join(scratch, 'busybox.tar'));
});

test.after(async () => {
  await daemon.destroy();
  await rm(scratch, { recursive: true, force: true });
});

const docker = (...args: readonly string[]): Promise<string> => daemon.said(args);

/** A path in which a rule finds a secret. */
const secretPath = (what: string): string => `/srv/token=${CANARY}${what}`;

test('given a directory whose name holds a secret, when files are copied into it and out of it, then they are there, running or not', async () => {
  const path = secretPath('copy');
  await writeFile(join(scratch, 'letter'), 'dear reader\n');
  await docker('run', '-d', '--name', 'copied', '--stop-signal', 'KILL', image, 'sh', '-c', `mkdir -p '${path}'; exec sleep 3600`);
  await docker('exec', 'copied', 'sh', '-c', `until test -d ${path}; do sleep 0.1; done`);
  await docker('cp', join(scratch, 'letter'), `copied:${path}/running`);
  assert.is(await docker('exec', 'copied', 'cat', `${path}/running`), 'dear reader');
  await docker('stop', 'copied');
  await docker('cp', join(scratch, 'letter'), `copied:${path}/stopped`);
  for (const name of ['running', 'stopped']) {
    await docker('cp', `copied:${path}/${name}`, join(scratch, name));
    assert.is(await readFile(join(scratch, name), 'utf8'), 'dear reader\n', name);
  }
  const { status } = await ask(
    daemon.socket,
    'PUT',
    `/containers/copied/archive?path=${encodeURIComponent(secretPath('nowhere'))}`,
    Buffer.alloc(1024),
  );
  assert.is(status, 404);
  await docker('rm', 'copied');
});

test('given a bind whose source and target hold secrets, when its container does not run, then what is copied is what is there', async () => {
  const source = join(scratch, `password=${CANARY}source`);
  await mkdir(source);
  await writeFile(join(source, 'kept'), 'kept here\n');
  await docker('create', '--name', 'bound', '-v', `${source}:${secretPath('target')}`, image, 'true');
  await docker('cp', `bound:${secretPath('target')}/kept`, join(scratch, 'kept'));
  assert.is(await readFile(join(scratch, 'kept'), 'utf8'), 'kept here\n');
  await docker('cp', join(scratch, 'kept'), `bound:${secretPath('target')}/again`);
  assert.is(await readFile(join(source, 'again'), 'utf8'), 'kept here\n');
  await docker('rm', 'bound');
});

test('given a working directory that holds a secret, when something is run in it, then it is there', async () => {
  assert.is(await docker('run', '--rm', '-w', secretPath('work'), image, 'sh', '-c', 'pwd'), secretPath('work'));
  await docker('run', '-d', '--name', 'placed', '--stop-signal', 'KILL', '-w', secretPath('work'), image, 'sleep', '3600');
  assert.is(await docker('exec', 'placed', 'sh', '-c', 'pwd'), secretPath('work'));
  assert.is(await docker('exec', '-w', '/', 'placed', 'sh', '-c', 'pwd'), '/');
  await docker('rm', '-f', 'placed');
});

test('given volumes at paths that hold secrets, when an image is committed with them, then its containers have them there', async () => {
  await docker('run', '--name', 'based', '-v', secretPath('own'), image, 'sh', '-c', `test -d ${secretPath('own')}`);
  await docker(
    'commit',
    '--change',
    `VOLUME ${secretPath('added')}`,
    '--change',
    `VOLUME ["${secretPath('second')}", "/plain"]`,
    'based',
    'made:1',
  );
  const asked: readonly string[] = [secretPath('own'), secretPath('added'), secretPath('second'), '/plain'];
  assert.equal(Object.keys(JSON.parse(await docker('inspect', '-f', '{{json .Config.Volumes}}', 'made:1'))).toSorted(), asked.toSorted());
  await docker(
    'run',
    '--name',
    'user',
    'made:1',
    'sh',
    '-c',
    `grep -c -e /srv/token -e /plain /proc/self/mounts; echo into > ${secretPath('added')}/file`,
  );
  assert.is(await docker('logs', 'user'), '4');
  await docker('cp', `user:${secretPath('added')}/file`, join(scratch, 'file'));
  assert.is(await readFile(join(scratch, 'file'), 'utf8'), 'into\n');
  const mounts: readonly { readonly Destination: string }[] = JSON.parse(await docker('inspect', '-f', '{{json .Mounts}}', 'user'));
  assert.equal(mounts.map(({ Destination }) => Destination).toSorted(), asked.toSorted());
  // Of an image of an image, too.
  await docker('commit', 'user', 'made:2');
  assert.is(await docker('run', '--rm', 'made:2', 'sh', '-c', 'grep -c -e /srv/token -e /plain /proc/self/mounts'), '4');
});

test('given all of that, when the log is read, then none of it is there, and what happened is', async () => {
  const { stdout: text } = await daemon.shiplog(['events', '--from', '0', '--format', 'json']);
  assert.ok(text.includes('container.extract.succeeded') && text.includes('image.commit.succeeded') && text.includes('content.read'));
  assert.equal(text.match(new RegExp(`.{0,120}${CANARY}.{0,20}`, 'g')) ?? [], []);
  assert.not.match(await daemon.log(), CANARY);
  assert.match((await daemon.shiplog(['audit', '--verb', 'container.extract'])).stdout, /ok|refused/);
});

test.run();
