// time limit: 240 s
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { hostTraces } from '@shiplog/test-support';
import { IMAGE, inParallel, prepare } from './prepare.ts';

const test = suite('leaks');
const { daemon, done } = await prepare();
test.after(done);

test('given 8 clients, when they start and remove 50 containers with ports, then nothing of them is left', async () => {
  const failures: string[] = [];
  await inParallel(50, 8, async (index) => {
    const started = await daemon.docker(['run', '-d', '--name', `c${index}`, '-p', '127.0.0.1:0:80', IMAGE, 'httpd', '-f', '-h', '/www']);
    if (started.code !== 0) failures.push(`run c${index}: ${started.stderr}`);
    const removed = await daemon.docker(['rm', '-f', `c${index}`]);
    if (removed.code !== 0) failures.push(`rm c${index}: ${removed.stderr}`);
  });
  assert.equal(failures, []);
  assert.is((await daemon.docker(['ps', '-aq'])).stdout, '');
  assert.equal(await hostTraces(daemon.directory), []);
});

test('given the addresses that were leased, when the network is inspected, then none is held', async () => {
  const { stdout } = await daemon.docker(['network', 'inspect', '-f', '{{json .Containers}}', 'bridge']);
  assert.is(stdout.trim(), '{}');
});

test('given all of it, when the log is read, then each request left one intent and one outcome, with the caller the kernel attests', async () => {
  const events = await daemon.events();
  const operations = new Map<string, { kinds: string[]; uid: number | undefined; pid: number | undefined; scheme: string }>();
  for (const event of events) {
    if (event.kind !== 'intent' && event.kind !== 'outcome') continue;
    const operation = operations.get(event.op) ?? { kinds: [], uid: event.actor.uid, pid: event.actor.pid, scheme: event.actor.scheme };
    operation.kinds.push(event.kind);
    operations.set(event.op, operation);
  }
  const asked = [...operations.values()].filter((operation) => operation.scheme === 'unix');
  assert.ok(asked.length >= 150, `${asked.length} operations`);
  assert.equal(
    [...operations.values()].filter((operation) => operation.kinds.join() !== 'intent,outcome'),
    [],
  );
  assert.equal(
    asked.filter((operation) => operation.uid !== process.getuid?.() || operation.pid === undefined || operation.pid <= 1),
    [],
  );
});

test.run();
