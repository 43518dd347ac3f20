// time limit: 600 s
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { busyboxArchive, hostTraces, TestDaemon } from '@shiplog/test-support';
import { ask } from './raw-http.ts';

const test = suite('health checks with docker');
const scratch = await mkdtemp(join(tmpdir(), 'shiplog-health-'));
const daemon = await TestDaemon.start();
const image = 'busybox:test';

test.before(async () => {
  await busyboxArchive(join(scratch, 'busybox.tar'), image);
  assert.is((await daemon.docker(['load', '-i', join(scratch, 'busybox.tar')])).code, 0);
});

test.after(async () => {
  await daemon.destroy();
  await rm(scratch, { recursive: true, force: true });
});

interface Health {
  readonly Status: string;
  readonly FailingStreak: number;
  readonly Log: readonly { readonly Start: string; readonly End: string; readonly ExitCode: number; readonly Output: string }[];
}

const docker = (...args: readonly string[]): Promise<string> => daemon.said(args);

/** A container that sleeps, with a check each 0.1 s. */
const started = (name: string, ...flags: readonly string[]): Promise<string> =>
  docker('run', '-d', '--name', name, '--stop-signal', 'KILL', '--health-interval', '100ms', ...flags, image, 'sleep', '3600');

async function healthOf(name: string): Promise<Health> {
  const { body } = await ask(daemon.socket, 'GET', `/v1.47/containers/${name}/json`, '');
  return (JSON.parse(body) as { readonly State: { readonly Health: Health } }).State.Health;
}

/** Looks until it is so. */
async function until<T>(what: string, look: () => Promise<T | false | undefined>): Promise<T> {
  for (const end = Date.now() + 60_000; Date.now() < end; await sleep(50)) {
    const found = await look();
    if (found !== false && found !== undefined) return found;
  }
  throw new Error(`not within 60 s: ${what}`);
}

const status = (name: string, wanted: string): Promise<Health> =>
  until(`${name} is ${wanted}`, async () => {
    const health = await healthOf(name);
    return health.Status === wanted && health;
  });

/** Processes of this host whose command line has all the words. */
async function processesWith(...words: readonly string[]): Promise<readonly string[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const lines = await Promise.all(pids.map((pid) => readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')));
  return lines.map((line) => line.replaceAll('\0', ' ')).filter((line) => words.every((word) => line.includes(word)));
}

/** Of the last event. */
const position = async (): Promise<string> => (await daemon.shiplog(['info', '--format', '{{.Shiplog.durableSeq}}'])).stdout.trim();

test('given a check that succeeds after a while, when it is looked at, then it starts, and is healthy; ps, filters and inspect say so', async () => {
  await started('well', '--health-cmd', 'echo looking; test -e /tmp/well', '--health-retries', '100000');
  assert.match(await docker('ps', '--filter', 'name=well', '--format', '{{.Status}}'), /\(health: starting\)$/);
  assert.is(await docker('ps', '--filter', 'health=starting', '--format', '{{.Names}}'), 'well');
  await docker('exec', 'well', 'touch', '/tmp/well');
  await status('well', 'healthy');
  assert.match(await docker('ps', '--filter', 'health=healthy', '--format', '{{.Names}} {{.Status}}'), /^well Up .* \(healthy\)$/);
  const { Log, FailingStreak } = await until('five results', async () => {
    const health = await healthOf('well');
    return health.Log.length === 5 && health.Log.every(({ ExitCode }) => ExitCode === 0) && health;
  });
  assert.is(FailingStreak, 0);
  assert.equal((JSON.parse(await docker('inspect', '-f', '{{json .State.Health}}', 'well')) as Health).Status, 'healthy');
  for (const { Start, End, Output } of Log) {
    assert.is(Output, 'looking\n');
    assert.ok(Date.parse(Start) <= Date.parse(End));
  }
  assert.is(await docker('inspect', '-f', '{{.Config.Healthcheck.Test}}', 'well'), '[CMD-SHELL echo looking; test -e /tmp/well]');
});

test('given a healthy container, when 100 more probes find it so, then no event comes of them', async () => {
  // Beside others nothing happens here; `well` of the test before goes on.
  const began = new Set((await healthOf('well')).Log.map(({ Start }) => Start));
  const before = await position();
  assert.match(before, /^\d+$/);
  const seen = new Set<string>();
  for (const end = Date.now() + 120_000; seen.size < 100; await sleep(150)) {
    assert.ok(Date.now() < end, `${seen.size} probes in 120 s`);
    for (const { Start } of (await healthOf('well')).Log) if (!began.has(Start)) seen.add(Start);
  }
  assert.is(await position(), before);
  await docker('rm', '-f', 'well');
});

test('given a check that fails, when it did so often enough, then the container is unhealthy, docker events says so once, and no exec is told', async () => {
  await started('ill', '--health-cmd', 'echo no >&2; exit 3', '--health-retries', '2');
  const { Log } = await status('ill', 'unhealthy');
  assert.equal(Log.at(-1)?.ExitCode, 3);
  assert.is(Log.at(-1)?.Output, 'no\n');
  await until('it goes on failing', async () => (await healthOf('ill')).FailingStreak >= 5);
  assert.is(await docker('ps', '--filter', 'health=unhealthy', '--format', '{{.Names}}'), 'ill');
  // The client asks for whole seconds: what is of this one comes a moment later.
  const told = await until('docker events tells of it', async () => {
    const text = await docker('events', '--since', '0', '--until', '0s', '--filter', 'container=ill', '--format', '{{.Action}}');
    return text.includes('health_status') && text.split('\n');
  });
  assert.equal(told, ['create', 'start', 'health_status: unhealthy']);
  await docker('exec', 'ill', 'true');
  await docker('stop', 'ill');
  assert.is((await healthOf('ill')).Status, 'unhealthy');
  const { stdout } = await daemon.shiplog(['events', '--from', '0', '--format', 'json']);
  assert.not.match(stdout, /no\\n/);
  await docker('rm', 'ill');
});

test("given a probe that takes too long, when its time is over, then it has failed in Docker's words, and no process of it is left", async () => {
  const seconds = `7${process.pid}`;
  await started(
    'slow',
    '--health-cmd',
    `echo began; sleep ${seconds} & sleep ${seconds}; true`,
    '--health-timeout',
    '1500ms',
    '--health-retries',
    '1',
  );
  const { Log } = await status('slow', 'unhealthy');
  assert.is(Log[0]?.ExitCode, -1);
  assert.is(Log[0]?.Output, 'Health check exceeded timeout (1.5s): began\n');
  await docker('pause', 'slow');
  await docker('unpause', 'slow');
  await docker('stop', 'slow');
  await until('its processes are gone', async () => (await processesWith(seconds)).length === 0);
  await docker('start', 'slow');
  await until('a probe runs', async () => (await processesWith('sleep', seconds)).length >= 2);
  const first = (await healthOf('slow')).Log.length;
  await until('it was ended', async () => (await healthOf('slow')).Log.length > Math.min(first, 4));
  // Of probes that were ended nothing is left: there is one at most, with its monitor, its shell and two that sleep.
  assert.ok((await processesWith(seconds)).filter((line) => line.startsWith('sleep')).length <= 2);
  await docker('rm', '-f', 'slow');
  await until('its processes are gone', async () => (await processesWith(seconds)).length === 0);
});

test('given output of a probe without an end, when it is looked at, then its first 4096 bytes are there', async () => {
  await started('loud', '--health-cmd', 'yes 0123456789abcde | head -c 300000');
  const { Log } = await status('loud', 'healthy');
  assert.is(Log[0]?.Output, `${'0123456789abcde\n'.repeat(256)}...`);
  await docker('rm', '-f', 'loud');
});

test('given commands that are not there, when they are to look, then that is a failure that says so', async () => {
  const create = { Image: image, Cmd: ['sleep', '3600'], Healthcheck: { Test: ['CMD', 'nosuchcommand'], Interval: 1e8, Retries: 1 } };
  assert.is((await ask(daemon.socket, 'POST', '/v1.47/containers/create?name=lost', JSON.stringify(create))).status, 201);
  await docker('start', 'lost');
  const { Log } = await status('lost', 'unhealthy');
  assert.is(Log[0]?.ExitCode, -1);
  assert.match(Log[0]?.Output ?? '', /nosuchcommand.*executable file not found in \$PATH/);
  await docker('rm', '-f', 'lost');
});

test('given a time to start in, when probes fail meanwhile, then they come in its interval and do not count', async () => {
  const flags = ['--health-start-period', '10m', '--health-start-interval', '100ms', '--health-retries', '1'];
  await docker(
    'run',
    '-d',
    '--name',
    'late',
    '--health-cmd',
    'test -e /tmp/well',
    '--health-interval',
    '1h',
    ...flags,
    image,
    'sleep',
    '3600',
  );
  const { Status, FailingStreak } = await until('three failures', async () => {
    const health = await healthOf('late');
    return health.Log.length >= 3 && health;
  });
  assert.equal([Status, FailingStreak], ['starting', 0]);
  await docker('exec', 'late', 'touch', '/tmp/well');
  await status('late', 'healthy');
  await docker('rm', '-f', 'late');
});

test('given a container that is paused, when time goes on, then it is not probed, and goes on with its status after', async () => {
  await started('held', '--health-cmd', 'true');
  await status('held', 'healthy');
  await docker('pause', 'held');
  const last = async (): Promise<string | undefined> => (await healthOf('held')).Log.at(-1)?.Start;
  const before = await until('nothing is under way', async () => {
    const found = await last();
    await sleep(1000);
    return found === (await last()) && found;
  });
  await docker('unpause', 'held');
  assert.is((await healthOf('held')).Status, 'healthy');
  await until('it is probed again', async () => (await last()) !== before);
  await docker('rm', '-f', 'held');
});

test('given shiplog run with health flags, when it is looked at, then it is as asked; --no-healthcheck has none', async () => {
  const flags = ['--health-cmd', 'true', '--health-interval', '100ms', '--health-timeout', '9s', '--health-retries', '4'];
  assert.is((await daemon.shiplog(['run', '-d', '--name', 'ours', ...flags, image, 'sleep', '3600'])).code, 0);
  await status('ours', 'healthy');
  assert.equal(JSON.parse(await docker('inspect', '-f', '{{json .Config.Healthcheck}}', 'ours')), {
    Test: ['CMD-SHELL', 'true'],
    Interval: 1e8,
    Timeout: 9e9,
    Retries: 4,
  });
  assert.is((await daemon.shiplog(['run', '-d', '--name', 'none', '--no-healthcheck', image, 'sleep', '3600'])).code, 0);
  assert.is(await docker('inspect', '-f', '{{.State.Health}}', 'none'), '<nil>');
  assert.match(await docker('ps', '--filter', 'health=none', '--format', '{{.Names}}'), /^none$/m);
  await docker('rm', '-f', 'ours', 'none');
});

test('given a shell in the body of a create, when its check is a line, then that shell runs it', async () => {
  const config = { Image: image, Cmd: ['sleep', '3600'], StopSignal: 'KILL', Shell: ['/bin/busybox', 'echo', 'told:'] };
  const check = { Test: ['CMD-SHELL', 'exit 1'], Interval: 100_000_000 };
  const { body } = await ask(daemon.socket, 'POST', '/containers/create?name=shelled', JSON.stringify({ ...config, Healthcheck: check }));
  const { Id } = JSON.parse(body) as { readonly Id: string };
  await docker('start', Id);
  const { Log } = await status('shelled', 'healthy');
  assert.is(Log[0]?.Output.trim(), 'told: exit 1');
  assert.is(await docker('inspect', '-f', '{{json .Config.Shell}}', Id), JSON.stringify(config.Shell));
  await docker('rm', '-f', 'shelled');
});

test('given an engine that is killed in the middle of a probe, when the next one starts, then that has ended, the status stands, and it goes on', async () => {
  const seconds = `8${process.pid}`;
  await started('kept', '--health-cmd', `test ! -e /tmp/long || sleep ${seconds}`);
  await status('kept', 'healthy');
  await docker('exec', 'kept', 'touch', '/tmp/long');
  await until('a long probe runs', async () => (await processesWith('sleep', seconds)).some((line) => line.startsWith('sleep')));
  await daemon.end('SIGKILL');
  await until('it outlives the engine', async () => (await processesWith(seconds)).length > 0);
  await daemon.start();
  const { Status, FailingStreak, Log } = await healthOf('kept');
  assert.equal([Status, FailingStreak], ['healthy', 0]);
  assert.equal(Log, []);
  await docker('exec', 'kept', 'rm', '/tmp/long');
  await until('it is probed again', async () => (await healthOf('kept')).Log.some(({ ExitCode }) => ExitCode === 0) || undefined);
  await until('no long probe is left', async () => (await processesWith('sleep', seconds)).every((line) => !line.startsWith('sleep')));
  assert.is((await healthOf('kept')).Status, 'healthy');
  await docker('rm', '-f', 'kept');
});

test('given all of that, when the containers are gone, then nothing is left on the host', async () => {
  await daemon.end();
  assert.equal(await hostTraces(daemon.directory), []);
});

test.run();
