// time limit: 420 s
import { setTimeout as sleep } from 'node:timers/promises';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { fetchText, hostTraces } from '@shiplog/test-support';
import { IMAGE, inParallel, prepare } from './prepare.ts';

const test = suite('kill -9');
const { daemon, done } = await prepare();
test.after(done);

test('given a container that runs, when the daemon is killed and started again, then it runs on and is known', async () => {
  const { stdout } = await daemon.docker(['run', '-d', '--name', 'survivor', '-p', '127.0.0.1:0:80', IMAGE, 'httpd', '-f', '-h', '/www']);
  const pid = async (): Promise<string> =>
    (await daemon.docker(['inspect', '-f', '{{.State.Status}} {{.State.Pid}}', stdout.trim()])).stdout.trim();
  const before = await pid();
  const { stdout: address } = await daemon.docker(['port', 'survivor', '80/tcp']);
  await daemon.end('SIGKILL');
  assert.is(await fetchText(`http://${address.trim()}/`), 'hello\n');
  await daemon.start();
  assert.is(await pid(), before);
  assert.equal(await daemon.docker(['exec', 'survivor', 'echo', 'in']), { code: 0, stdout: 'in\n', stderr: '' });
  assert.is((await daemon.docker(['rm', '-f', 'survivor'])).code, 0);
  assert.equal(await hostTraces(daemon.directory), []);
});

test('given containers that end while no daemon runs, when it is back, then their exit codes are recorded', async () => {
  await daemon.docker(['run', '-d', '--name', 'seven', IMAGE, 'sh', '-c', 'sleep 0.5; exit 7']);
  await daemon.docker(['run', '-d', '--name', 'gone', '--rm', IMAGE, 'sh', '-c', 'sleep 0.5; exit 8']);
  await daemon.end('SIGKILL');
  await sleep(1000);
  await daemon.start();
  assert.is((await daemon.docker(['wait', 'seven'])).stdout, '7\n');
  assert.is((await daemon.docker(['logs', 'seven'])).code, 0);
  assert.is((await daemon.docker(['rm', 'seven'])).code, 0);
  await eventually(async () => (await daemon.docker(['ps', '-aq'])).stdout === '');
  assert.equal(await hostTraces(daemon.directory), []);
  const exits = (await daemon.events()).filter((event) => event.type === 'container.exited').map((event) => event.data.exitCode);
  assert.ok(exits.includes(7) && exits.includes(8));
});

test('given a workload, when the daemon is killed at any moment, then what was acknowledged is there and nothing leaks', async () => {
  const rounds = 12;
  for (let round = 0; round < rounds; round += 1) {
    const acknowledged = new Set<string>();
    const removed = new Set<string>();
    const work = inParallel(24, 4, async (index) => {
      const name = `r${round}c${index}`;
      const created = await daemon.docker(['create', '--name', name, '-p', '127.0.0.1:0:80', IMAGE, 'sleep', '60']);
      if (created.code !== 0) return;
      acknowledged.add(name);
      if ((await daemon.docker(['start', name])).code !== 0) return;
      if (index % 2 === 0 && (await daemon.docker(['rm', '-f', name])).code === 0) removed.add(name);
    });
    // From the first request to well into the workload.
    await sleep(20 + Math.random() * 900);
    await daemon.end('SIGKILL');
    await work;
    await daemon.start();
    const names = new Set((await daemon.docker(['ps', '-a', '--format', '{{.Names}}'])).stdout.split('\n').filter((name) => name !== ''));
    for (const name of acknowledged) {
      // A removal that was not answered may or may not have happened; a creation that was answered did.
      const mayBeGone = removed.has(name) || Number(name.split('c')[1]) % 2 === 0;
      assert.ok(names.has(name) || mayBeGone, `round ${round}: ${name} was acknowledged and is lost`);
    }
    for (const name of removed) assert.not.ok(names.has(name), `round ${round}: ${name} was removed and is back`);
    for (const line of (await daemon.docker(['ps', '--format', '{{.Names}}'])).stdout.split('\n')) {
      if (line !== '') assert.is((await daemon.docker(['exec', line, 'true'])).code, 0, `round ${round}: ${line} does not run`);
    }
    const left = [...names];
    if (left.length > 0) await daemon.docker(['rm', '-f', ...left]);
    assert.equal(await hostTraces(daemon.directory), [], `round ${round}`);
  }
  const verified = await daemon.shiplog(['log', 'verify', '--format', 'json']);
  assert.is(verified.code, 0, verified.stdout);
});

test('given a daemon that was killed, when it recovers twice, then the second recovery appends nothing but its start', async () => {
  await daemon.docker(['run', '-d', '--name', 'twice', IMAGE, 'sleep', '60']);
  await daemon.end('SIGKILL');
  await daemon.start();
  await daemon.end('SIGKILL');
  const first = (await restartAndRead()).length;
  await daemon.end('SIGKILL');
  const events = await restartAndRead();
  assert.equal(
    events.slice(first).map((event) => event.type),
    // The reading just before is an event too.
    ['log.read', 'engine.started'],
  );
  await daemon.docker(['rm', '-f', 'twice']);
});

test('given every operation so far, when the log is read, then each intent has exactly one outcome', async () => {
  const outcomes = new Map<string, string[]>();
  for (const event of await daemon.events())
    if (event.kind === 'intent' || event.kind === 'outcome') outcomes.set(event.op, [...(outcomes.get(event.op) ?? []), event.kind]);
  assert.equal(
    [...outcomes.values()].filter((kinds) => kinds.join() !== 'intent,outcome'),
    [],
  );
});

async function restartAndRead() {
  await daemon.start();
  return daemon.events();
}

async function eventually(holds: () => Promise<boolean>): Promise<void> {
  for (const end = Date.now() + 60_000; Date.now() < end;) {
    if (await holds()) return;
    await sleep(50);
  }
  assert.unreachable('it did not come about within 60 s');
}

test.run();
