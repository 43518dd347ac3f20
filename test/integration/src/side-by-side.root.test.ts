// time limit: 300 s
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { hostTraces, run, TestDaemon } from '@shiplog/test-support';
import { IMAGE, prepare } from './prepare.ts';

const test = suite('engines side by side');
const one = await prepare();
const two = await prepare(['--storage-driver', 'vfs']);
test.after(async () => {
  await one.done();
  await two.done();
});

test('given two engines, when each runs a container of the same name, then neither sees the other', async () => {
  for (const { daemon } of [one, two]) assert.is((await daemon.docker(['run', '-d', '--name', 'same', IMAGE, 'sleep', '60'])).code, 0);
  for (const { daemon } of [one, two]) assert.is((await daemon.docker(['ps', '-q'])).stdout.trim().split('\n').length, 1);
  assert.is((await one.daemon.docker(['rm', '-f', 'same'])).code, 0);
  assert.equal(await daemonExec(two.daemon), { code: 0, stdout: 'here\n', stderr: '' });
  assert.is((await two.daemon.docker(['rm', '-f', 'same'])).code, 0);
  assert.equal([...(await hostTraces(one.daemon.directory)), ...(await hostTraces(two.daemon.directory))], []);
});

test('given an engine on a root, when a second is started on it, then it ends at once and says why', async () => {
  const second = await run('shiplogd', [...one.daemon.flags, '--docker-socket', `${one.daemon.directory}/other.sock`], {
    timeoutMs: 60_000,
  });
  assert.is(second.code, 3);
  assert.match(second.stderr, /another engine uses .*--root/);
});

test('given SIGTERM, when the daemon stops, then containers run on and the stop is in the log', async () => {
  const { daemon } = one;
  await daemon.docker(['run', '-d', '--name', 'stays', IMAGE, 'sleep', '60']);
  await daemon.end('SIGTERM');
  await daemon.start();
  assert.equal(await daemon.docker(['exec', 'stays', 'echo', 'still']), { code: 0, stdout: 'still\n', stderr: '' });
  const types = (await daemon.events()).map((event) => event.type);
  assert.ok(types.includes('engine.stopped'));
  await daemon.docker(['rm', '-f', 'stays']);
});

function daemonExec(daemon: TestDaemon) {
  return daemon.docker(['exec', 'same', 'echo', 'here']);
}

test.run();
