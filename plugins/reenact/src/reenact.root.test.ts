// time limit: 800 s
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, readFile, readlink, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { ShiplogEvent } from '@shiplog/contracts';
import { boundaryOf, eventsOf, fold, readRecording, readSource, writeExport } from '@shiplog/replay';
import { busyboxArchive, run, TestDaemon } from '@shiplog/test-support';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { clearDead } from './clear-dead.ts';
import { reenact } from './reenact.ts';

const WITHHELD = [
  ['container.create', 'it binds directories of the host'],
  ['container.extract', 'its archive is not in the log'],
];

const test = suite('re-enact');
const SHIPLOG = fileURLToPath(new URL('../../../node_modules/.bin/shiplog', import.meta.url));
const scratch = await mkdtemp(join(tmpdir(), 'shiplog-reenact-test-'));
const log = join(scratch, 'log.jsonl');
// Short, since it begins the paths of sockets.
const temporary = await mkdtemp(join(tmpdir(), 'slr-'));
process.env.TMPDIR = temporary;
const daemon = await TestDaemon.start();
const root = join(daemon.directory, 'root');

/** Work of a few seconds, with what fails and what is refused. */
async function record(): Promise<void> {
  const archive = join(scratch, 'image.tar');
  await busyboxArchive(archive);
  const docker = (...args: string[]) => daemon.docker(args);
  await docker('load', '-q', '-i', archive);
  await docker('run', '--rm', 'busybox:test', 'true');
  await docker('run', '-d', '--name', 'web', '-p', '0:80', 'busybox:test', 'httpd', '-f', '-h', '/www');
  await docker('run', '-d', '--name', 'web', 'busybox:test', 'true');
  await docker('exec', 'web', 'cat', '/www/index.html');
  await docker('run', '--rm', 'busybox:test', 'nosuch');
  await docker('network', 'create', 'lan');
  await Promise.all([0, 1, 2].map((number) => docker('run', '--rm', '--network', 'lan', 'busybox:test', 'sleep', `0.${number}`)));
  await docker('stop', '-t', '0', 'web');
  await docker('start', 'web');
  await docker('rm', '-f', 'web');
  await docker('run', '--rm', '-v', `${scratch}:/host`, 'busybox:test', 'true');
  await docker('network', 'rm', 'lan');
  for (const name of ['one', 'two']) {
    await docker('network', 'create', name);
    await docker('volume', 'create', name);
  }
  await docker('network', 'prune', '-f');
  await docker('volume', 'prune', '-f');
  await docker('volume', 'prune', '-af');
  await docker('create', '--name', 'copied', 'busybox:test', 'true');
  await docker('cp', archive, 'copied:/tmp');
  await docker('rm', 'copied');
  const { stdout } = await daemon.shiplog(['events', '--from', '0', '--format', 'json']);
  await writeFile(log, stdout);
}

const bridges = async (): Promise<readonly string[]> =>
  [...(await run('ip', ['-o', 'link'])).stdout.matchAll(/: (slr\w+)/g)].map(([, name = '']) => name);

/** Whether a private engine of this process has its root open, which it does when it runs. */
const hasEngine = async (pid: number): Promise<boolean> => {
  const open = await readdir(`/proc/${pid}/fd`).catch(() => []);
  const files = await Promise.all(open.map((fd) => readlink(`/proc/${pid}/fd/${fd}`).catch(() => '')));
  return files.some((file) => /shiplog-reenact-\w+\/root\/log\//.test(file));
};

/** Bridges of private engines that stay. Those of engines that others run beside this test go in the end. */
const links = async (): Promise<string> => {
  let left = await bridges();
  for (const end = Date.now() + 90_000; left.length > 0 && Date.now() < end;) {
    await new Promise((resolve) => setTimeout(resolve, 200));
    const now = await bridges();
    left = left.filter((name) => now.includes(name));
  }
  return left.join(' ');
};

/** Directories of private engines; the name is no one else's, since TMPDIR of this test is its own. */
const leftovers = async (): Promise<readonly string[]> => (await readdir(temporary)).filter((name) => name.startsWith('shiplog-reenact-'));

test.before(record);
test.after(async () => {
  await daemon.destroy();
  // Of a test that failed: what is mounted cannot be removed.
  await clearDead(() => undefined);
  for (const directory of [scratch, temporary]) await rm(directory, { recursive: true, force: true });
});

test('given a recorded log and its images, when it is re-enacted on each storage driver, then every command ends as it did, and nothing stays', async () => {
  const recording = await readRecording(readSource(log));
  for (const storageDriver of ['overlay', 'btrfs', 'vfs']) {
    const { others, withheld, verbs, events, disk, ends } = await reenact(recording, { speed: Infinity, images: root, storageDriver });
    // What reaches the host's files is not asked for; so its start has nothing to start.
    assert.equal(
      withheld.map(({ verb, why }) => [verb, why]),
      WITHHELD,
    );
    const bound = recording.commands
      .filter(({ seq }) => seq >= (withheld[0]?.seq ?? 0) && seq < (withheld[0]?.seq ?? 0) + 20)
      .map(({ seq }) => seq);
    assert.equal(
      others.filter(({ seq }) => seq === undefined || !bound.includes(seq)),
      [],
    );
    const started = verbs.find(({ verb }) => verb === 'container.start');
    assert.ok((started?.ok ?? 0) >= 6 && (started?.p50 ?? 0) > 1);
    assert.ok(events.some((event) => event.type === 'container.create.requested' && event.data.decided?.storageDriver === storageDriver));
    assert.ok(disk.layers > 500_000, `${storageDriver}: ${disk.layers} bytes of layers`);
    assert.ok(
      storageDriver === 'vfs' ? disk.containers > 5_000_000 : disk.containers < 1_000_000,
      `${storageDriver}: ${disk.containers} bytes`,
    );
    assert.ok([...ends.values()].some(({ code }) => code === 'CONTAINER_NAME_IN_USE'));
    assert.is(await links(), '');
    assert.equal(await leftovers(), []);
  }
});

/** The log as if all before an event had been pruned. */
async function pruned(before: (event: ShiplogEvent) => boolean): Promise<{ readonly path: string; readonly first: number }> {
  const events: ShiplogEvent[] = [];
  for await (const event of eventsOf(readSource(log))) events.push(event);
  const first = events.findIndex(before);
  const { state } = await fold(readSource(log), { seq: first - 1 });
  const path = join(scratch, 'pruned.jsonl.zst');
  await writeExport(path, events.slice(first), boundaryOf(state));
  return { path, first };
}

test('given a pruned log, when it is re-enacted, then what was there at its beginning is made first, and every command ends as it did', async () => {
  const { path, first } = await pruned(
    ({ type, data }) =>
      type === 'network.create.requested' && 'args' in data && data.args !== null && 'name' in data.args && data.args.name === 'lan',
  );
  const recording = await readRecording(readSource(path));
  assert.equal(
    [...recording.start.containers.values()].map(({ name, status }) => [name, status]),
    [['web', 'running']],
  );
  const { others, withheld, events, ends } = await reenact(recording, { speed: Infinity, images: root });
  assert.equal(
    withheld.map(({ verb, why }) => [verb, why]),
    WITHHELD,
  );
  const bound = withheld[0]?.seq ?? 0;
  assert.ok(bound > first);
  assert.equal(
    others.filter(({ seq }) => seq === undefined || seq < bound || seq >= bound + 20),
    [],
  );
  const begun = [...ends].filter(([seq]) => seq < 0);
  assert.equal(
    begun.map(([, { status }]) => status),
    ['ok', 'ok', 'ok'],
  );
  const stopped = events.find((event) => event.type === 'container.stop.succeeded');
  assert.is(stopped?.stream, `container/${[...recording.start.containers.keys()][0]}`);
  assert.is(await links(), '');
  assert.equal(await leftovers(), []);
});

test('given a pruned log and no images, when it is re-enacted, then what was there cannot be made, and that is said', async () => {
  const { path } = await pruned(({ type }) => type === 'container.stop.requested');
  const ran = await run(SHIPLOG, ['replay', 'reenact', '--speed', 'max', path], { timeoutMs: 100_000 });
  assert.is(ran.code, 1, ran.stderr);
  assert.match(ran.stderr, /The log begins at event \d+: what was before was pruned/);
  assert.match(ran.stderr, /not asked: to begin with: image.load: its archive is not in the log, and no root with images was given/);
  assert.match(ran.stdout, /to begin with: container.create .*: ok, now refused IMAGE_NOT_FOUND/);
});

test('given no images, when a log is re-enacted, then loads are withheld, and what needs them is refused', async () => {
  const { withheld, others } = await reenact(await readRecording(readSource(log)), { speed: Infinity });
  assert.match(withheld.find(({ verb }) => verb === 'image.load')?.why ?? '', /no root with images was given/);
  assert.ok(others.some(({ verb, now }) => verb === 'container.create' && now.code === 'IMAGE_NOT_FOUND'));
});

test('given three storage drivers, when one command compares them, then one table has time, disk and outcomes of each, and 0 says they are the same', async () => {
  const args = ['replay', 'reenact', '--speed', 'max', '--images', root, '--storage-driver', 'overlay,btrfs,vfs'];
  const ran = await run(SHIPLOG, [...args, log], { timeoutMs: 200_000 });
  assert.is(ran.code, 0, `${ran.stdout}${ran.stderr}`);
  assert.match(ran.stdout, /^VERB +SIDE +COUNT +OK +REFUSED +FAILED +P50 +P99 +TOTAL +RATIO +DISK\n/);
  assert.match(ran.stdout, /container.start +overlay .*\n +btrfs .*\n +vfs .* × /);
  assert.match(ran.stdout, /first to last +overlay .*[kM]B\n +btrfs .*[kM]B\n +vfs .*[kM]B\n/);
  assert.match(ran.stdout, /\nbtrfs:\nevery command ended as with overlay\nvfs:\nevery command ended as with overlay\n/);
  assert.match(ran.stderr, /not asked: #\d+ container.create: it binds directories of the host/);
  assert.is(await links(), '');
  assert.equal(await leftovers(), []);
});

test('given a re-enactment under way, when it is interrupted, then it ends with 130, and nothing of it is left', async () => {
  const child = spawn(SHIPLOG, ['replay', 'reenact', '--speed', '1x', '--images', root, '--storage-driver', 'btrfs', log], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (said += text));
  const ended = once(child, 'close');
  while (!(await hasEngine(child.pid ?? 0)) && child.exitCode === null) await new Promise((resolve) => setTimeout(resolve, 50));
  child.kill('SIGINT');
  assert.equal(await ended, [130, null], said);
  assert.match(said, /^Interrupted: what was made is being removed\.\n.*shiplog: interrupted; nothing of it is left\n/s);
  assert.is(await links(), '');
  assert.equal(await leftovers(), []);
});

test('given a re-enactment that is killed at some moment, when another begins, then nothing of it is left, and that is said', async () => {
  const recording = await readRecording(readSource(log));
  const engine = async (): Promise<string> => {
    const [name = ''] = await leftovers();
    return (await readFile(join(temporary, name, 'root', 'engine-id'), 'utf8').catch(() => '')).trim();
  };
  const hasLink = async (kind: string): Promise<boolean> =>
    (await run('ip', ['-o', 'link'])).stdout.includes(`shiplog ${(await engine()) || 'none'} ${kind}`);
  const moments: readonly (() => Promise<boolean>)[] = [
    async () => (await leftovers()).length > 0,
    () => hasLink('network'),
    () => hasLink('endpoint'),
  ];
  for (const [index, moment] of moments.entries()) {
    const child = spawn(SHIPLOG, ['replay', 'reenact', '--speed', '1x', '--images', root, '--storage-driver', 'btrfs', log], {
      stdio: 'ignore',
    });
    const ended = once(child, 'close');
    while (!(await moment()) && child.exitCode === null) await new Promise((resolve) => setTimeout(resolve, 20));
    child.kill('SIGKILL');
    assert.equal(await ended, [null, 'SIGKILL']);
    const [left = '', ...more] = await leftovers();
    assert.equal(more, []);
    const id = await engine();
    const notes: string[] = [];
    const { others } = await reenact(recording, { speed: Infinity, noted: (line) => void notes.push(line) });
    assert.ok(others.length > 0);
    // In the first moment there may be an empty directory alone, of which nobody can tell whose it is.
    if (index > 0 || notes.length > 0) assert.equal(notes, [`removed ${join(temporary, left)}, which a re-enactment left that was killed`]);
    else await rm(join(temporary, left), { recursive: true });
    assert.equal(await leftovers(), []);
    assert.not.match(await readFile('/proc/self/mountinfo', 'utf8'), temporary);
    assert.not.match((await run('losetup', ['--list', '--noheadings', '--output', 'BACK-FILE'])).stdout, temporary);
    if (id === '') continue;
    assert.not.match((await run('ip', ['-o', 'link'])).stdout, `shiplog ${id} `);
    assert.not.match((await run('nft', ['list', 'tables'])).stdout, id);
    for (const hierarchy of await readdir('/sys/fs/cgroup'))
      assert.not.ok((await readdir(`/sys/fs/cgroup/${hierarchy}`).catch((): string[] => [])).includes(`shiplog-${id}`), hierarchy);
  }
});

test('given directories that may be somebody’s, when a re-enactment begins, then they stay', async () => {
  const mine = { boot: (await readFile('/proc/sys/kernel/random/boot_id', 'utf8')).trim(), namespace: await readlink('/proc/self/ns/pid') };
  const dead = { ...mine, pid: 999_999_999, start: '1' };
  const left: { readonly [name: string]: string | undefined } = {
    'shiplog-reenact-nothin': undefined,
    'shiplog-reenact-broken': '{',
    'shiplog-reenact-shared': JSON.stringify({ owner: dead, config: {} }),
    'shiplog-reenact-others': JSON.stringify({ owner: { ...dead, namespace: 'pid:[1]' }, config: {} }),
    'shiplog-another-owners': JSON.stringify({ owner: dead, config: {} }),
  };
  for (const [name, deed] of Object.entries(left)) {
    await mkdir(join(temporary, name), { mode: name.endsWith('shared') ? 0o755 : 0o700 });
    if (deed !== undefined) await writeFile(join(temporary, name, 'owner.json'), deed);
  }
  const notes: string[] = [];
  await clearDead((line) => void notes.push(line));
  assert.equal(notes, []);
  for (const name of Object.keys(left)) await rm(join(temporary, name), { recursive: true });
  await mkdir(join(temporary, 'shiplog-reenact-before'), { mode: 0o700 });
  await writeFile(
    join(temporary, 'shiplog-reenact-before', 'owner.json'),
    JSON.stringify({ owner: { ...dead, boot: 'another' }, config: {} }),
  );
  await mkdir(join(temporary, 'shiplog-reenact-middle.gone'), { mode: 0o700 });
  await clearDead((line) => void notes.push(line));
  assert.is(notes.length, 2);
  assert.equal(await leftovers(), []);
});

test('given a driver list that says one twice, when the command reads it, then it says what it takes', async () => {
  const ran = await run(SHIPLOG, ['replay', 'reenact', '--storage-driver', 'vfs,vfs', log]);
  assert.is(ran.code, 125);
  assert.match(ran.stderr, /--storage-driver takes different names, separated by commas, not "vfs,vfs"/);
});

test('given no mkfs.btrfs, when a log is to be re-enacted on btrfs, then it says what to do and leaves nothing', async () => {
  const bin = join(scratch, 'bin');
  await mkdir(bin);
  // What the command itself is started with.
  for (const tool of ['readlink', 'dirname']) await symlink(`/usr/bin/${tool}`, join(bin, tool));
  const ran = await run(SHIPLOG, ['replay', 'reenact', '--storage-driver', 'btrfs', log], { env: { ...process.env, PATH: bin } });
  assert.is(ran.code, 1);
  assert.match(ran.stderr, /install btrfs-progs, or set TMPDIR to a directory on btrfs/);
  assert.equal(await leftovers(), []);
});

test('given an engine, when its log is folded through it, from an export, and from its root once it has stopped, then the hash is one', async () => {
  const hash = async (...args: string[]): Promise<string> => {
    const { code, stdout, stderr } = await daemon.shiplog(args);
    assert.is(code, 0, stderr);
    return stdout;
  };
  const expected = await hash('log', 'hash', '--at', '60');
  assert.match(expected, /^[0-9a-f]{64} at 60\n$/);
  assert.is(await hash('replay', 'fold', '--at', '60'), expected);
  assert.is(await hash('replay', 'fold', '--at', '60', log), expected);
  assert.match(await hash('replay', 'redecide'), /\nno difference\n$/);
  const torn = await daemon.shiplog(['replay', 'fold', root]);
  assert.is(torn.code, 1);
  assert.match(torn.stderr, /an engine writes to/);
  await daemon.end();
  assert.is(await hash('replay', 'fold', '--at', '60', root), expected);
});

test.run();
