// time limit: 300 s
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { IMAGE, prepare } from './prepare.ts';

const SHIPLOG = fileURLToPath(new URL('../../../node_modules/.bin/shiplog', import.meta.url));
const test = suite('what only a log can do');
const { daemon, done } = await prepare();
test.after(done);

test('given a removed container, when it is inspected at a moment it ran, then it is as it was', async () => {
  await daemon.docker(['run', '-d', '--name', 'past', IMAGE, 'sleep', '60']);
  await daemon.docker(['rm', '-f', 'past']);
  const started = (await daemon.events()).find((event) => event.type === 'container.start.succeeded');
  assert.ok(started);
  const { code, stdout, stderr } = await daemon.shiplog(['inspect', '--record', 'past', '--at', String(started.seq)]);
  assert.is(code, 0, stderr);
  const [record] = JSON.parse(stdout);
  assert.is(record.name, 'past');
  assert.is(record.status, 'running');
  const shown = async (...argv: readonly string[]): Promise<string> =>
    (await daemon.shiplog(['inspect', '-f', '{{.Name}} {{.State.Status}}', ...argv])).stdout;
  assert.is(await shown('past', '--at', String(started.seq)), '/past running\n');
  // The time at which it is shown to have started, in milliseconds, is after that.
  assert.is(await shown('past', '--at', new Date(Number(BigInt(started.t) / 1_000_000n)).toISOString()), '/past running\n');
  assert.match(await shown('past'), /^\/past (exited|running|removing)\n$/);
});

test('given removed images, volumes and networks, when they are asked for by the last name they had, then they are told as they last were, and why they are gone', async () => {
  await daemon.docker(['run', '--name', 'based', IMAGE, 'touch', '/made']);
  await daemon.docker(['commit', 'based', 'short:lived']);
  await daemon.docker(['rm', 'based']);
  await daemon.docker(['volume', 'create', 'lived']);
  await daemon.docker(['network', 'create', 'lived-too']);
  const position = (await daemon.shiplog(['info', '--format', '{{.Shiplog.durableSeq}}'])).stdout.trim();
  const removals = [
    ['image', 'short:lived', 'rmi'],
    ['volume', 'lived', 'volume', 'rm'],
    ['network', 'lived-too', 'network', 'rm'],
  ] as const;
  for (const [kind, name, ...verb] of removals) {
    assert.is((await daemon.docker([...verb, name])).code, 0, name);
    const { stdout, stderr } = await daemon.shiplog(['inspect', '--record', '--type', kind, name]);
    assert.match(stderr, `${name} is gone since`);
    const [found] = JSON.parse(stdout);
    assert.ok([found.name, ...(found.tags ?? [])].includes(name), stdout);
    for (const argv of [
      ['why', name],
      ['why', '--type', kind, name],
    ]) {
      const why = await daemon.shiplog(argv);
      assert.match(why.stdout, `${kind} ${name} is gone`, why.stderr);
      assert.match(why.stdout, `${kind}.remove.succeeded`);
    }
  }
  for (const [told, ...argv] of [
    ['lived-too', 'network', 'inspect', 'lived-too', '--format', '{{.Name}}'],
    ['lived', 'volume', 'inspect', 'lived', '--format', '{{.Name}}'],
    ['touch', 'history', 'short:lived', '--no-trunc'],
  ] as const) {
    const then = await daemon.shiplog([...argv, '--at', position]);
    assert.match(then.stdout, told, then.stderr);
    assert.is.not((await daemon.shiplog(argv)).code, 0, 'it is there no more');
  }
});

test('given a restart, when events of the last two hours are asked for, then those before it are there', async () => {
  await daemon.end('SIGTERM');
  await daemon.start();
  const { stdout } = await daemon.shiplog(['events', '--since', '2h', '--until', '0s', '--format', 'json']);
  assert.match(stdout, /"destroy"/);
});

test('given a follower from position 0, when things happen, then it sees every event once, in order', async () => {
  const following = spawn(SHIPLOG, ['events', '--from', '0', '--follow', '--format', 'json'], {
    env: daemon.env,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let said = '';
  following.stdout.setEncoding('utf8').on('data', (text: string) => (said += text));
  const lines = (): readonly string[] => said.split('\n').slice(0, -1);
  await daemon.docker(['run', '--rm', IMAGE, 'true']);
  const last = (await daemon.events()).at(-1)?.seq ?? 0;
  while (lines().length <= last) await new Promise((resolve) => setTimeout(resolve, 50));
  following.kill();
  const seqs = lines().map((line) => (JSON.parse(line) as { readonly seq: number }).seq);
  assert.ok(seqs.length > 20);
  assert.equal(
    seqs,
    seqs.map((_, index) => index),
  );
});

test('given the log, when it is verified and folded twice, then it is whole and the states are one', async () => {
  const verified = await daemon.shiplog(['log', 'verify', '--format', 'json']);
  assert.is(verified.code, 0, verified.stderr);
  const hash = async (): Promise<string> => (await daemon.shiplog(['log', 'hash', '--at', '10'])).stdout;
  assert.match(await hash(), /[0-9a-f]{64}/);
  assert.is(await hash(), await hash());
});

test('given a container with a policy, when the engine is killed and is there again, then why it runs leads over the engine’s start to who started it', async () => {
  const { stdout: started } = await daemon.docker(['run', '-d', '--name', 'lasting', '--restart', 'always', IMAGE, 'sleep', '600']);
  const id = started.trim();
  const { stdout: pid } = await daemon.docker(['inspect', '-f', '{{.State.Pid}}', 'lasting']);
  await daemon.end('SIGKILL');
  process.kill(Number(pid), 'SIGKILL');
  const before = new Date().toISOString();
  await daemon.start();
  const restarted = async (): Promise<boolean> =>
    (await daemon.events()).filter(({ type, stream }) => type === 'container.start.succeeded' && stream === `container/${id}`).length > 1;
  for (const until = performance.now() + 30_000; !(await restarted()) && performance.now() < until;)
    await new Promise((resolve) => setTimeout(resolve, 50));
  const { stdout } = await daemon.shiplog(['why', 'lasting']);
  assert.match(
    stdout,
    /container\.start\.succeeded\n.* came of container\.start\.requested by the engine \(restart-policy\)\n.* because of container\.exited: code 137\n.* after engine\.started: the one before was killed\n.* after container\.start\.succeeded\n.* came of container\.start\.requested\n.* asked by .*docker/,
  );
  // A time that a client writes in milliseconds, of when there was no engine: it is as it was left.
  const { stdout: then } = await daemon.shiplog(['ps', '--at', before, '--format', '{{.Names}}']);
  assert.match(then, 'lasting');
  assert.is((await daemon.docker(['rm', '-f', 'lasting'])).code, 0);
});

test.run();
