// time limit: 400 s
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type ShiplogEvent, ShiplogError } from '@shiplog/contracts';
import { boundaryOf, fold, readSource, writeExport } from '@shiplog/replay';
import { busyboxArchive, run, TestDaemon } from '@shiplog/test-support';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { replayOperation } from './replay-operation.ts';

const test = suite('replay an operation');
const SHIPLOG = fileURLToPath(new URL('../../../node_modules/.bin/shiplog', import.meta.url));
const scratch = await mkdtemp(join(tmpdir(), 'shiplog-replay-test-'));
const log = join(scratch, 'log.jsonl');
const daemon = await TestDaemon.start();
const root = join(daemon.directory, 'root');
const events: ShiplogEvent[] = [];
const double = (name: string): string => fileURLToPath(new URL(`./${name}.test.double.js`, import.meta.url));

/** The operation of the first intent of `type` that `fits`. */
const opOf = (type: string, fits: (event: ShiplogEvent) => boolean = () => true): string =>
  events.find((event) => event.type === `${type}.requested` && fits(event))?.op ?? 'none';

/** The start of the container with this name. */
const startOf = (name: string): string => {
  const created = events.find((event) => event.type === 'container.create.requested' && event.data.decided?.name === name);
  return opOf('container.start', ({ stream }) => stream === created?.stream);
};

test.before(async () => {
  const archive = join(scratch, 'image.tar');
  await busyboxArchive(archive);
  const docker = (...args: string[]) => daemon.docker(args);
  await docker('load', '-q', '-i', archive);
  await docker('network', 'create', 'lan');
  await docker('run', '-d', '--name', 'web', '--network', 'lan', '-v', 'data:/data', 'busybox:test', 'httpd', '-f', '-h', '/www');
  await docker('network', 'create', 'later');
  await docker('network', 'connect', 'later', 'web');
  await docker('run', '--rm', 'busybox:test', 'true');
  await docker('run', '--name', 'broken', 'busybox:test', 'nosuch');
  await docker('rm', '-f', 'web');
  await docker('run', '--rm', '--name', 'bound', '-v', `${scratch}:/host`, 'busybox:test', 'true');
  await docker('volume', 'rm', 'data');
  for (const name of ['spare', 'other']) await docker('volume', 'create', name);
  await docker('network', 'prune', '-f');
  await docker('volume', 'prune', '-af');
  const { stdout } = await daemon.shiplog(['events', '--from', '0', '--format', 'json']);
  await writeFile(log, stdout);
  for (const line of (await readFile(log, 'utf8')).trimEnd().split('\n')) events.push(JSON.parse(line) as ShiplogEvent);
});
test.after(async () => {
  await daemon.destroy();
  await rm(scratch, { recursive: true, force: true });
});

test('given a pruned log, when an operation is done again, then what it needs from before is made; one on a container from before is refused', async () => {
  const first = events.find(({ op, kind }) => op === startOf('web') && kind === 'intent')?.seq ?? 0;
  const path = join(scratch, 'pruned.jsonl');
  const { state } = await fold(readSource(log), { seq: first - 1 });
  await writeExport(path, events.slice(first), boundaryOf(state));
  const broken = await replayOperation(readSource(path), { op: startOf('broken'), driver: '@shiplog/storage-vfs', images: root });
  assert.equal([broken.verb, broken.now.status, broken.differences], ['container.start', broken.recorded.status, 0]);
  const refused = await replayOperation(readSource(path), { op: startOf('web'), driver: '@shiplog/storage-vfs', images: root }).then(
    () => undefined,
    (error: unknown) => ShiplogError.wrap(error),
  );
  assert.equal([refused?.code, refused?.facts], ['LOG_PRUNED', { first }]);
});

test('given a start, when another driver that is right does its calls, then no call is otherwise', async () => {
  const { verb, kind, calls, differences, now, unanswered } = await replayOperation(readSource(log), {
    op: startOf('web'),
    driver: '@shiplog/storage-vfs',
    images: root,
  });
  assert.equal([verb, kind, now.status, unanswered], ['container.start', 'storage', 'ok', undefined]);
  assert.equal(
    calls.map((call) => [call.verb, call.recorded?.code, call.now?.code, call.difference]),
    [['mount', 'ok', 'ok', undefined]],
  );
  assert.is(differences, 0);
});

test('given a load and a removal, when another driver does them, then every layer and every step down is compared', async () => {
  const loaded = await replayOperation(readSource(log), { op: opOf('image.load'), driver: '@shiplog/storage-vfs', images: root });
  assert.ok(loaded.calls.length >= 1 && loaded.calls.every((call) => call.verb === 'applyLayer' && call.now?.code === 'ok'));
  assert.is(loaded.differences, 0);
  const removed = await replayOperation(readSource(log), {
    op: opOf('container.remove', ({ actor }) => actor.scheme !== 'system'),
    driver: '@shiplog/volume-local',
    images: root,
  });
  assert.equal(
    removed.calls.map((call) => [call.verb, call.recorded?.code, call.now?.code, call.difference]),
    [['unpublish', 'ok', 'ok', undefined]],
  );
});

test('given drivers of the other families, when they do what others did, then their calls are found and compared, too', async () => {
  const calls = async (op: string, driver: string) => {
    const replayed = await replayOperation(readSource(log), { op, driver, images: root });
    assert.is(replayed.differences, 0, JSON.stringify(replayed));
    return [replayed.kind, ...replayed.calls.map(({ verb }) => verb)];
  };
  assert.equal(await calls(opOf('network.connect'), '@shiplog/network-bridge'), ['network', 'attach']);
  assert.equal(await calls(startOf('web'), '@shiplog/network-bridge'), ['network', 'openSandbox', 'attach']);
  assert.equal(await calls(opOf('network.prune'), '@shiplog/network-bridge'), ['network', 'removeNetwork', 'removeNetwork']);
  assert.equal(await calls(opOf('volume.prune'), '@shiplog/volume-local'), ['volume', 'remove', 'remove']);
  const cgroup = / - cgroup /.test(await readFile('/proc/self/mountinfo', 'utf8')) ? 'v1' : 'v2';
  assert.equal(await calls(startOf('web'), `@shiplog/cgroup-${cgroup}`), ['cgroup', 'create']);
  assert.equal(await calls(startOf('web'), '@shiplog/runtime-sim'), ['runtime', 'create', 'start']);
});

test('given a driver that answers something else, when it does a start, then the call and the answer are shown', async () => {
  const { calls, differences } = await replayOperation(readSource(log), {
    op: startOf('web'),
    driver: double('elsewhere-volumes'),
    images: root,
  });
  const publish = calls.find((call) => call.verb === 'publish');
  assert.is(publish?.now?.code, 'ok');
  assert.match(
    publish?.difference ?? '',
    /^answers path: "ROOT\/root\/volumes\/data\/_data" before, "ROOT\/root\/volumes\/data\/_data-elsewhere" now$/,
  );
  assert.is(differences, 1);
});

test('given a driver that fails, when the command replays a start with it, then the call is shown with its error, and 1 says it', async () => {
  const args = ['plugin', 'replay', '--op', startOf('web'), '--driver', double('failing-volumes'), '--images', root];
  const ran = await run(SHIPLOG, [...args, log], { timeoutMs: 120_000 });
  assert.is(ran.code, 1, ran.stderr);
  assert.match(
    ran.stdout,
    /\npublish +data +ok [\d.]+ ms +DISK_FULL [\d.]+ ms +ok before, DISK_FULL \(no space for another consumer\) now\n/,
  );
  assert.match(ran.stdout, /\nunpublish +data +– +ok [\d.]+ ms +\(takes back what failed\)\n/);
  assert.match(ran.stdout, /\ncontainer.start: ok recorded, DISK_FULL now\n2 differences\n$/);
  const json = await run(SHIPLOG, [...args, '--format', 'json', log], { timeoutMs: 120_000 });
  assert.is((JSON.parse(json.stdout) as { differences: number }).differences, 2);
});

test('given a start that failed, when the recorded driver does it again, then the same failure is no difference', async () => {
  const { calls, recorded, now, differences } = await replayOperation(readSource(log), {
    op: startOf('broken'),
    driver: '@shiplog/storage-vfs',
    images: root,
  });
  assert.equal([recorded.error?.code, now.error?.code, differences], ['COMMAND_NOT_FOUND', 'COMMAND_NOT_FOUND', 0]);
  assert.equal(
    calls.map((call) => [call.verb, call.takesBack]),
    [
      ['mount', undefined],
      ['unmount', true],
    ],
  );
});

test('given what cannot be replayed, when it is asked for, then it says why', async () => {
  const why = async (op: string, driver: string): Promise<string> => {
    try {
      await replayOperation(readSource(log), { op, driver, images: root });
    } catch (error) {
      assert.instance(error, ShiplogError);
      return String(error);
    }
    return 'done';
  };
  assert.match(await why('nosuch', '@shiplog/storage-vfs'), /the log has no operation nosuch/);
  assert.match(await why('', '@shiplog/storage-vfs'), /the log has no operation/);
  assert.match(
    await why(startOf('bound'), '@shiplog/storage-vfs'),
    /container.create #\d+ was not asked: it binds directories of the host/,
  );
  assert.match(await why(startOf('web'), '@shiplog/log-none'), /no driver of a family that operations call/);
  assert.match(await why(startOf('web'), join(scratch, 'nosuch.ts')), /cannot be loaded/);
  assert.match(
    await why(
      opOf('network.create', ({ actor }) => actor.scheme !== 'system'),
      '@shiplog/volume-local',
    ),
    /calls no volume driver/,
  );
});

test.run();
