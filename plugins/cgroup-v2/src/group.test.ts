import { processesIn, removeGroup } from '@shiplog/driver-kit';
import { mkdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { ShiplogError } from '@shiplog/contracts';
import { createRecordingKernel } from '@shiplog/driver-kit/testing';
import { temporaryDirectory } from '@shiplog/test-support';
import { freeze, thaw } from './freezer.ts';
import { makeGroup } from './group.ts';
import { killEach } from './kill.ts';
import { mountPoint } from './mount-point.ts';
import { probe } from './probe.ts';
import { sample } from './stats.ts';

const test = suite('cgroup-v2: group');

async function fill(directory: string, files: { readonly [file: string]: string }): Promise<void> {
  await mkdir(directory, { recursive: true });
  for (const [file, text] of Object.entries(files)) await writeFile(join(directory, file), text);
}

test('given a mount with controllers, when a group is made, then what is not enabled yet is enabled above it', async () => {
  await using mount = await temporaryDirectory();
  const [parent, group] = [join(mount.path, 'shiplog'), join(mount.path, 'shiplog', 'id')];
  await fill(mount.path, { 'cgroup.controllers': 'cpu memory pids\n', 'cgroup.subtree_control': 'cpu memory\n' });
  await fill(parent, { 'cgroup.controllers': 'pids misc\n', 'cgroup.subtree_control': '\n' });
  await makeGroup(mount.path, 'shiplog', 'id');
  await makeGroup(mount.path, 'shiplog', 'id');
  assert.ok((await stat(group)).isDirectory());
  assert.is(await readFile(join(mount.path, 'cgroup.subtree_control'), 'utf8'), '+pids');
  assert.is(await readFile(join(parent, 'cgroup.subtree_control'), 'utf8'), '+pids');
});
test('given empty groups, when they are removed, then the last takes the engine along, and again is fine', async () => {
  await using mount = await temporaryDirectory();
  for (const id of ['one', 'other']) await makeGroup(mount.path, 'shiplog', id);
  await mkdir(join(mount.path, 'shiplog', 'one', 'made', 'inside'), { recursive: true });
  await removeGroup(join(mount.path, 'shiplog', 'one'));
  assert.ok((await stat(join(mount.path, 'shiplog', 'other'))).isDirectory());
  await removeGroup(join(mount.path, 'shiplog', 'other'));
  await removeGroup(join(mount.path, 'shiplog', 'other'));
  assert.is(await stat(join(mount.path, 'shiplog')).catch(() => undefined), undefined);
});
test('given groups in a group, when processes are asked for, then theirs are in, once, and what cannot be seen is not', async () => {
  await using group = await temporaryDirectory();
  await fill(group.path, { 'cgroup.procs': '5\n0\n' });
  await fill(join(group.path, 'in', 'it'), { 'cgroup.procs': '7\n5\n' });
  assert.equal((await processesIn(group.path)).toSorted(), [5, 7]);
  assert.equal(await processesIn(join(group.path, 'none')), []);
});

test('given a group, when it is frozen and thawed, then the file says so and the event was waited for', async () => {
  await using group = await temporaryDirectory();
  await fill(group.path, { 'cgroup.freeze': '0\n', 'cgroup.events': 'populated 1\nfrozen 1\n' });
  await freeze(group.path);
  assert.is(await readFile(join(group.path, 'cgroup.freeze'), 'utf8'), '1');
  await thaw(group.path);
  assert.is(await readFile(join(group.path, 'cgroup.freeze'), 'utf8'), '0');
  await thaw(join(group.path, 'none'));
});
test('given a group that does not freeze, when time is over, then it is thawed and DEADLINE_EXCEEDED is told', async () => {
  await using group = await temporaryDirectory();
  await fill(group.path, { 'cgroup.freeze': '0\n', 'cgroup.events': 'populated 1\nfrozen 0\n' });
  const error = await freeze(group.path, { waitMs: 20 }).catch((reason: unknown) => reason);
  assert.ok(error instanceof ShiplogError && error.code === 'DEADLINE_EXCEEDED');
  assert.is(await readFile(join(group.path, 'cgroup.freeze'), 'utf8'), '0');
});
test('given a kernel without cgroup.kill, when all are killed, then each gets the signal once', async () => {
  await using group = await temporaryDirectory();
  await fill(group.path, { 'cgroup.freeze': '0\n', 'cgroup.events': 'populated 1\nfrozen 1\n', 'cgroup.procs': '5\n7\n' });
  const kernel = createRecordingKernel();
  await killEach(group.path, kernel);
  assert.equal(
    kernel.calls.map(({ call, args }) => [call, ...args.slice(0, 2)]),
    [
      ['processes.kill', 5, 9],
      ['processes.kill', 7, 9],
    ],
  );
});

test('given mountinfo, when the mount is looked for, then the usual place comes first', async () => {
  await using directory = await temporaryDirectory();
  const mountinfo = join(directory.path, 'mountinfo');
  await writeFile(
    mountinfo,
    '31 23 0:28 / /sys/fs/cgroup rw - tmpfs tmpfs rw\n41 31 0:38 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n',
  );
  assert.is(await mountPoint(mountinfo), '/sys/fs/cgroup/unified');
  await writeFile(
    mountinfo,
    '41 31 0:38 / /other\\040one rw - cgroup2 cgroup2 rw\n31 23 0:38 / /sys/fs/cgroup rw shared:4 - cgroup2 cgroup2 rw\n',
  );
  assert.is(await mountPoint(mountinfo), '/sys/fs/cgroup');
  await writeFile(mountinfo, '41 31 0:38 / /other\\040one rw - cgroup2 cgroup2 rw\n');
  assert.is(await mountPoint(mountinfo), '/other one');
  await writeFile(mountinfo, '');
  assert.is(await mountPoint(mountinfo), undefined);
});
test('given hosts, when they are probed, then memory and pids decide', async () => {
  await using mount = await temporaryDirectory();
  const at = async (): Promise<string> => mount.path;
  await fill(mount.path, { 'cgroup.controllers': 'hugetlb pids\n' });
  assert.equal(await probe(at), { usable: false, reason: 'the unified hierarchy has no memory controller: version 1 has it' });
  await fill(mount.path, { 'cgroup.controllers': 'cpu memory pids\n' });
  assert.equal(await probe(at), { usable: true });
  assert.equal(await probe(async () => undefined), { usable: false, reason: 'no unified hierarchy (cgroup2) is mounted' });
});

test('given the files of a group, when a sample is taken, then it is in the words of the contract', async () => {
  await using group = await temporaryDirectory();
  await fill(group.path, {
    'pids.current': '2\n',
    'pids.max': 'max\n',
    'cpu.stat': 'usage_usec 300\nuser_usec 200\nsystem_usec 100\nnr_periods 5\nnr_throttled 2\nthrottled_usec 70\n',
    'memory.current': '4096\n',
    'memory.peak': '8192\n',
    'memory.max': '16384\n',
    'memory.stat': 'anon 1\ninactive_file 1024\n',
    'memory.events': 'low 0\nhigh 0\nmax 9\noom 4\noom_kill 3\n',
    'cpu.pressure': 'some avg10=1.50 avg60=0.25 avg300=0.00 total=12345\nfull avg10=0.00 avg60=0.00 avg300=0.00 total=7\n',
    'io.pressure': 'some avg10=0.00 avg60=0.00 avg300=0.00 total=0\n',
    'io.stat': '8:0 rbytes=10 wbytes=20 rios=1 wios=2 dbytes=0 dios=0\n7:0 \n',
  });
  assert.equal(await sample(group.path), {
    pids: { current: 2, limit: 0 },
    cpu: { usageNs: 300_000, userNs: 200_000, systemNs: 100_000, periods: 5, throttledPeriods: 2, throttledNs: 70_000 },
    memory: {
      usageBytes: 4096,
      maxUsageBytes: 8192,
      limitBytes: 16_384,
      inactiveFileBytes: 1024,
      oomKills: 3,
      limitHits: 9,
      detail: { anon: 1, inactive_file: 1024 },
    },
    io: [
      { major: 8, minor: 0, readBytes: 10, writeBytes: 20, reads: 1, writes: 2 },
      { major: 7, minor: 0, readBytes: 0, writeBytes: 0, reads: 0, writes: 0 },
    ],
    pressure: {
      cpu: { some: { avg10: 1.5, avg60: 0.25, avg300: 0, totalUs: 12_345 }, full: { avg10: 0, avg60: 0, avg300: 0, totalUs: 7 } },
      io: { some: { avg10: 0, avg60: 0, avg300: 0, totalUs: 0 } },
    },
  });
});

test.run();
