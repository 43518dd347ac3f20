// time limit: 300 s
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { busyboxArchive, busyboxLayout, temporaryDirectory, TestDaemon, TestRegistry } from '@shiplog/test-support';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { Gate } from './testing/gate.test.util.ts';

const test = suite('pulls and pushes beside other work');
const scratch = await temporaryDirectory('shiplog-images-');
const registry = await TestRegistry.start();
const daemon = await TestDaemon.start();
const archive = join(scratch.path, 'busybox.tar');
await busyboxArchive(archive, 'here:1');
test.after(async () => {
  await daemon.destroy();
  await registry.stop();
  await scratch.cleanup();
});

let layouts = 0;
/** Puts an image of its own into the registry. */
async function pushed(name: string): Promise<void> {
  const path = join(scratch.path, `layout${(layouts += 1)}`);
  await busyboxLayout(path, 'latest', { Labels: { number: String(layouts) } });
  await registry.push(`oci:${path}:latest`, name, ['--format', layouts % 2 === 0 ? 'v2s2' : 'oci']);
}

async function docker(...words: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await daemon.docker(words);
  assert.is(code, 0, `docker ${words.join(' ')}: ${stderr}`);
  return stdout;
}

/** Ends while something else is held up, or never. */
async function otherWork(): Promise<void> {
  await docker('load', '-q', '-i', archive);
  await docker('tag', 'here:1', 'other:1');
  assert.is(await docker('run', '--rm', 'here:1', 'echo', 'runs'), 'runs\n');
  await docker('run', '--name', 'maker', 'here:1', 'touch', '/made');
  await docker('commit', 'maker', 'made:1');
  await docker('rm', 'maker');
  await docker('rmi', 'made:1');
  await docker('rmi', 'other:1', 'here:1');
  await docker('image', 'prune', '-f');
}

const stored = async (): Promise<readonly string[]> => {
  const store = join(daemon.directory, 'root/drivers/image-store/local');
  return [
    ...(await readdir(join(store, 'blobs/sha256'))),
    ...(await readdir(join(store, 'ingest'))),
    ...(await readdir(join(store, 'manifests'))),
  ];
};

test('given a pull that a slow registry holds up, when images are loaded, tagged, run, committed and removed, then that goes on, and the pull succeeds', async () => {
  await using gate = await Gate.before(registry.host);
  await pushed('slow/app:1');
  const name = `${gate.host}/slow/app:1`;
  const held = gate.hold(/^GET .*\/blobs\//);
  const pull = daemon.docker(['pull', name]);
  await held;
  await otherWork();
  // The same layers, from elsewhere: what is held up is waited for by nobody else.
  await pushed('quick/app:1');
  gate.open();
  assert.is((await pull).code, 0);
  await docker('pull', `${registry.host}/quick/app:1`);
  assert.is(await docker('run', '--rm', name, 'echo', 'slow'), 'slow\n');
});

test('given a push that a slow registry holds up, when other images and that very image are removed, then that goes on, and the push succeeds', async () => {
  await using gate = await Gate.before(registry.host);
  await docker('load', '-q', '-i', archive);
  const name = `${gate.host}/slow/pushed:1`;
  await docker('run', '--name', 'maker', 'here:1', 'sh', '-c', 'echo pushed > /made');
  await docker('commit', 'maker', name);
  await docker('rm', 'maker');
  const held = gate.hold(/^(?:POST|PUT) .*\/uploads\//);
  const push = daemon.docker(['push', name]);
  await held;
  await otherWork();
  await docker('rmi', name);
  gate.open();
  const { code, stderr } = await push;
  assert.is(code, 0, stderr);
  assert.is(await docker('run', '--rm', `${registry.host}/slow/pushed:1`, 'cat', '/made'), 'pushed\n');
});

test('given a pull and a push that are held up beside removals, when the daemon is killed, then the next one leaves nothing of them, and both can be done again', async () => {
  await using gate = await Gate.before(registry.host);
  await pushed('killed/app:1');
  await docker('load', '-q', '-i', archive);
  const [pulled, sent] = [`${gate.host}/killed/app:1`, `${gate.host}/killed/sent:1`];
  await docker('tag', 'here:1', sent);
  const before = await stored();
  const pulling = gate.hold(/^GET .*\/blobs\//);
  const pull = daemon.docker(['pull', pulled]);
  await pulling;
  const pushing = gate.hold(/^(?:POST|PUT) .*\/uploads\/|^GET .*\/blobs\//);
  const push = daemon.docker(['push', sent]);
  await pushing;
  await daemon.end('SIGKILL');
  gate.open();
  assert.not.equal([(await pull).code, (await push).code], [0, 0]);
  await daemon.start();
  // What was compressed for the push is remembered.
  assert.equal((await stored()).filter((name) => !before.includes(name)).length <= 1, true);
  const outcomes = (await daemon.events()).filter(
    ({ type, result }) => /^image\.(?:pull|push)\.failed$/.test(type) && result?.error?.code === 'CANCELED',
  );
  assert.equal(outcomes.map(({ type, result }) => [type, result?.status]).toSorted(), [
    ['image.pull.failed', 'failed'],
    ['image.push.failed', 'unknown'],
  ]);
  await docker('push', sent);
  await docker('pull', pulled);
  assert.is(await docker('run', '--rm', pulled, 'echo', 'again'), 'again\n');
  await docker('rmi', '-f', ...new Set((await docker('images', '-q')).trim().split('\n')));
  assert.equal(await stored(), []);
});

test.run();
