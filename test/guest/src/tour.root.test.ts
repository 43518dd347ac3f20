// time limit: 600 s
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { busyboxArchive, hostTraces, PATIENCE, TestDaemon } from '@shiplog/test-support';
import { groupDirectory } from './group-directory.ts';

/** A real engine and the stock docker command, on whatever cgroups this kernel has. */
const test = suite('guest: tour');
const MIB = 2 ** 20;
let daemon: TestDaemon | undefined;

function started(): TestDaemon {
  if (daemon === undefined) throw new Error('the engine did not start');
  return daemon;
}

/** Runs the docker command; its output, or a failure that says what it said. */
async function docker(...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await started().docker(args);
  assert.is(code, 0, `docker ${args.join(' ')}: ${stderr}`);
  return stdout.trim();
}

/** What one of the container's control files says. */
async function control(id: string, v2: string, v1: readonly [controller: string, file: string]): Promise<string> {
  const group = await groupDirectory(started().directory, id, v1[0]);
  return (await readFile(join(group.path, group.version === 2 ? v2 : v1[1]), 'utf8')).trim();
}

/** Waits for what comes by itself. */
async function until(what: string, holds: () => Promise<boolean>): Promise<void> {
  const end = Date.now() + 60_000 * PATIENCE;
  while (!(await holds())) {
    assert.ok(Date.now() < end, what);
    await sleep(50);
  }
}

test.after(async () => {
  await daemon?.destroy();
});

test('given this machine, when the engine starts, then it does, and takes an image', async () => {
  daemon = await TestDaemon.start();
  await busyboxArchive(join(daemon.directory, 'busybox.tar'));
  await docker('load', '-q', '-i', join(daemon.directory, 'busybox.tar'));
});
test('given limits, when a container runs, then it works, and the kernel has them', async () => {
  const id = await docker(
    'run',
    '-d',
    '--name',
    'limited',
    '-m',
    '64m',
    '--memory-swap',
    '96m',
    '--cpus',
    '0.5',
    '--pids-limit',
    '20',
    'busybox:test',
    'sleep',
    '1000',
  );
  assert.is(await docker('exec', 'limited', 'echo', 'works'), 'works');
  assert.is(await control(id, 'memory.max', ['memory', 'memory.limit_in_bytes']), String(64 * MIB));
  assert.is(await control(id, 'pids.max', ['pids', 'pids.max']), '20');
  assert.match(await control(id, 'cpu.max', ['cpu', 'cpu.cfs_quota_us']), /^50000\b/);
  const { version } = await groupDirectory(started().directory, id, 'memory');
  if (version === 2) assert.is(await control(id, 'memory.swap.max', ['memory', '']), String(32 * MIB));
});
test('given a running container, when its limits are updated, then the kernel, inspection and the log have the new ones', async () => {
  const id = await docker('inspect', '-f', '{{.Id}}', 'limited');
  await docker('update', '-m', '80m', '--pids-limit', '30', '--cpu-shares', '512', '--restart', 'on-failure:2', 'limited');
  assert.is(await control(id, 'memory.max', ['memory', 'memory.limit_in_bytes']), String(80 * MIB));
  assert.is(await control(id, 'pids.max', ['pids', 'pids.max']), '30');
  assert.match(await control(id, 'cpu.max', ['cpu', 'cpu.cfs_quota_us']), /^50000\b/);
  const format = '{{.HostConfig.Memory}} {{.HostConfig.MemorySwap}} {{.HostConfig.PidsLimit}} {{.HostConfig.RestartPolicy.Name}}';
  assert.is(await docker('inspect', '-f', format, 'limited'), `${80 * MIB} ${96 * MIB} 30 on-failure`);
  const refused = await started().docker(['update', '-m', '128m', 'limited']);
  assert.is.not(refused.code, 0);
  assert.match(refused.stderr, /update the memoryswap at the same time/);
  assert.is(await control(id, 'memory.max', ['memory', 'memory.limit_in_bytes']), String(80 * MIB));
  const types = (await started().events()).map(({ type }) => type).filter((type) => type.startsWith('container.update'));
  assert.equal(types, [
    'container.update.requested',
    'container.update.succeeded',
    'container.update.requested',
    'container.update.failed',
  ]);
});
test('given a busy container, when its stats are asked for, then docker shows what it uses, and the engine recorded nothing', async () => {
  await docker('run', '-d', '--name', 'busy', '-m', '64m', '--cpus', '0.2', 'busybox:test', 'sh', '-c', 'while :; do :; done');
  const before = (await started().events()).length;
  const [line = ''] = (await docker('stats', '--no-stream', '--format', '{{json .}}', 'busy')).split('\n');
  const stats: { readonly [column: string]: string } = JSON.parse(line);
  assert.is(stats['Name'], 'busy');
  assert.is(stats['PIDs'], '1');
  assert.match(stats['MemUsage'] ?? '', /^[\d.]+(KiB|MiB|B) \/ 64MiB$/);
  const percent = Number.parseFloat(stats['CPUPerc'] ?? '');
  assert.ok(percent > 2 && percent < 40, `${stats['CPUPerc']} of a CPU, and a fifth is allowed`);
  assert.match(stats['NetIO'] ?? '', /^[\d.]+k?B \/ [\d.]+k?B$/);
  assert.is((await started().events()).filter(({ type }) => !type.startsWith('log.')).length <= before, true);
  await docker('rm', '-f', 'busy');
});
test('given our own command, when it updates a container and shows its stats, then the kernel and it have the new limit', async () => {
  const id = await docker('inspect', '-f', '{{.Id}}', 'limited');
  const updated = await started().shiplog(['update', '-m', '88m', '--memory-swap', '96m', 'limited']);
  assert.is(updated.stdout, 'limited\n', updated.stderr);
  assert.is(await control(id, 'memory.max', ['memory', 'memory.limit_in_bytes']), String(88 * MIB));
  const { stdout, stderr } = await started().shiplog(['stats', '--no-stream', '--format', 'json', 'limited']);
  assert.is(stderr, '');
  const row: { readonly [column: string]: string } = JSON.parse(stdout);
  assert.equal([row['Name'], row['ID'], row['PIDs']], ['limited', id.slice(0, 12), '1']);
  assert.match(row['MemUsage'] ?? '', / \/ 88MiB$/);
});
test('given a running container, when it is paused and unpaused, then the kernel freezes and thaws it', async () => {
  const id = await docker('run', '-d', '--name', 'paused', 'busybox:test', 'sleep', '1000');
  const frozen = async (): Promise<boolean> => /FROZEN|frozen 1/.test(await control(id, 'cgroup.events', ['freezer', 'freezer.state']));
  await docker('pause', 'paused');
  assert.is(await frozen(), true);
  assert.is(await docker('inspect', '-f', '{{.State.Status}}', 'paused'), 'paused');
  await docker('unpause', 'paused');
  assert.is(await frozen(), false);
  await docker('rm', '-f', 'paused');
});
test('given a memory limit, when a container wants more, then it is killed, its state and the log say why', async () => {
  const { code } = await started().docker([
    'run',
    '--name',
    'hungry',
    '-m',
    '16m',
    '--memory-swap',
    '16m',
    'busybox:test',
    'sh',
    '-c',
    'x=0123456789abcdef; while :; do x=$x$x; done',
  ]);
  assert.is(code, 137);
  assert.is(await docker('inspect', '-f', '{{.State.OOMKilled}} {{.State.ExitCode}}', 'hungry'), 'true 137');
  const types = (await started().events()).map(({ type }) => type);
  assert.ok(types.includes('container.oom'), types.join(' '));
});
test('given a memory limit, when a child wants more, then it is killed, the container lives on, and docker hears of it at once', async () => {
  const id = await docker('run', '-d', '--name', 'parent', '-m', '16m', '--memory-swap', '16m', 'busybox:test', 'sleep', '1000');
  const kills = async (): Promise<number> =>
    (await started().events())
      .filter(({ type, data }) => type === 'container.oom' && data['id'] === id)
      .reduce((all, { data }) => all + Number(data['kills']), 0);
  for (const number of [1, 2]) {
    const { code } = await started().docker(['exec', 'parent', 'sh', '-c', 'x=0123456789abcdef; while :; do x=$x$x; done']);
    assert.is(code, 137);
    await until(`${number} kills are in the log`, async () => (await kills()) === number);
    assert.is(await docker('inspect', '-f', '{{.State.Status}}', 'parent'), 'running');
  }
  // Whole seconds, as the docker command sends durations.
  const soon = String(Math.floor(Date.now() / 1000) + 1);
  const told = await docker('events', '--since', '1h', '--until', soon, '--filter', 'event=oom', '--format', '{{.Actor.ID}}');
  assert.is(told.split('\n').filter((line) => line === id).length, 2);
  await docker('rm', '-f', 'parent');
  assert.is(await kills(), 2);
});
test('given all that, when the containers are removed, then no group and nothing else of them is left', async () => {
  await docker('rm', '-f', 'limited', 'hungry');
  assert.equal(
    (await hostTraces(started().directory)).filter((trace) => !trace.startsWith('netns')),
    [],
  );
});
test.run();
