import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { appendFile, chmod, mkdir, readdir, readFile, rm, rmdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { run } from '../command.ts';
import { hostTraces } from '../host-traces.ts';
import { temporaryDirectory } from '../temporary-directory.ts';
import { pidSpace, processStatus } from './process-identity.ts';
import { makeRunDirectory } from './run-directory.ts';
import { sweep } from './sweep.ts';

const test = suite('sweep');

interface Doomed {
  readonly run: string;
  readonly home: string;
  readonly bridge: string;
}

async function doomedRun(within: string): Promise<{ readonly doomed: Doomed; readonly child: ChildProcess }> {
  const script = fileURLToPath(new URL('doomed-run.script.js', import.meta.url));
  const child = spawn(process.execPath, [script, within], { stdio: ['ignore', 'pipe', 'inherit'] });
  for await (const line of createInterface({ input: child.stdout })) return { doomed: JSON.parse(line) as Doomed, child };
  throw new Error('the run ended before it had a container');
}

/** Processes that name the directory: monitors and daemons do. */
async function processesOf(directory: string): Promise<readonly string[]> {
  const found: string[] = [];
  for (const pid of (await readdir('/proc')).filter((name) => /^\d+$/.test(name))) {
    const command = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
    if (command.includes(directory) && (await processStatus(Number(pid))) !== undefined) found.push(command.replaceAll('\0', ' '));
  }
  return found;
}

async function eventuallyNone(look: () => Promise<readonly string[]>): Promise<readonly string[]> {
  for (let tries = 0; tries < 400; tries += 1) {
    if ((await look()).length === 0) return [];
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  return look();
}

test('given a run with a container, when it is alive, then a sweep leaves it alone; when it was killed, then nothing of it stays', async () => {
  await using within = await temporaryDirectory('shiplog-sweep-');
  const { doomed, child } = await doomedRun(within.path);
  const engine = (await readFile(join(doomed.home, 'root/engine-id'), 'utf8')).trim();
  const lines: string[] = [];
  const print = (line: string): void => void lines.push(line);
  try {
    const traces = await hostTraces(doomed.home);
    assert.ok(
      ['mount', 'link', 'cgroup', 'monitor'].every((kind) => traces.some((trace) => trace.startsWith(kind))),
      traces.join('\n'),
    );
    await sweep(print, within.path);
    assert.equal(lines, []);
    assert.equal(await hostTraces(doomed.home), traces);
  } finally {
    const gone = once(child, 'exit');
    child.kill('SIGKILL');
    await gone;
    await sweep(print, within.path);
  }
  assert.is(lines.length, 1, lines.join('\n'));
  assert.ok(lines[0]?.startsWith(`swept ${doomed.run}, `), lines[0]);
  assert.not.ok(existsSync(doomed.run));
  assert.not.match(await readFile('/proc/self/mountinfo', 'utf8'), doomed.run);
  assert.equal(await eventuallyNone(() => processesOf(doomed.home)), []);
  assert.not.match((await run('ip', ['link'])).stdout, `shiplog ${engine} `);
  assert.not.match((await run('nft', ['list', 'tables'])).stdout, engine);
  for (const hierarchy of await readdir('/sys/fs/cgroup'))
    assert.not.ok(existsSync(`/sys/fs/cgroup/${hierarchy}/shiplog-${engine}`), hierarchy);
});

test('given directories that may be somebody’s, when swept, then they stay', async () => {
  await using within = await temporaryDirectory('shiplog-sweep-');
  const live = await makeRunDirectory(within.path);
  const { boot, namespace } = await pidSpace();
  const dead = '999999999 1';
  const foreign: { readonly [name: string]: string | undefined } = {
    sltNoWord: undefined,
    sltEmpty0: '',
    sltNobody: `${boot} ${namespace}\n`,
    sltOddity: `something else\n${dead}\n`,
    sltOthers: `${boot} pid:[1]\n${dead}\n`,
    sltSecond: `${boot} ${namespace}\n${dead}\n${process.pid} ${(await processStatus(process.pid))?.start}\n`,
    'shiplog-x': `${boot} ${namespace}\n${dead}\n`,
    sltShared: `${boot} ${namespace}\n${dead}\n`,
  };
  for (const [name, owners] of Object.entries(foreign)) {
    await mkdir(join(within.path, name));
    await chmod(join(within.path, name), name === 'sltShared' ? 0o775 : 0o711);
    if (owners !== undefined) await writeFile(join(within.path, name, 'owners'), owners);
  }
  const before = await readdir(within.path);
  const lines: string[] = [];
  await sweep((line) => void lines.push(line), within.path);
  assert.equal(lines, []);
  assert.equal(await readdir(within.path), before);
  await live.end();
  assert.not.ok(existsSync(live.path));
});

test('given a run’s directory, when it ends, then it goes if it is empty, and somebody else may have been as quick', async () => {
  await using within = await temporaryDirectory('shiplog-sweep-');
  const used = await makeRunDirectory(within.path);
  await writeFile(join(used.path, 'left'), '');
  await used.end();
  assert.equal((await readdir(used.path)).toSorted(), ['left', 'owners']);
  const empty = await makeRunDirectory(within.path);
  await rm(join(empty.path, 'owners'));
  await empty.end();
  assert.not.ok(existsSync(empty.path));
  await empty.end();
});

test('given dead runs of this boot, of a pid that came again and of another boot, when swept, then they go', async () => {
  await using within = await temporaryDirectory('shiplog-sweep-');
  const { boot, namespace } = await pidSpace();
  const owners = {
    sltThis00: `${boot} ${namespace}\n999999999 1\n`,
    sltAgain0: `${boot} ${namespace}\n${process.pid} 1\n`,
    sltBefore: `${boot.replace(/./g, (one) => (one === '-' ? '-' : '0'))} ${namespace}\n${process.pid} 1\n`,
  };
  for (const [name, text] of Object.entries(owners)) {
    await mkdir(join(within.path, name, 'left'), { recursive: true, mode: 0o700 });
    await writeFile(join(within.path, name, 'owners'), text);
  }
  const lines: string[] = [];
  await sweep((line) => void lines.push(line), within.path);
  assert.is(lines.length, 3, lines.join('\n'));
  assert.ok(lines.every((line) => line.endsWith('directory left')));
  assert.equal(await readdir(within.path), []);
});

test('given many dead runs, when two sweep at once, then each is swept by one of them, and one that is killed at it by the next', async () => {
  await using within = await temporaryDirectory('shiplog-sweep-');
  const { boot, namespace } = await pidSpace();
  const names = Array.from({ length: 40 }, (_, index) => `sltRun0${String(index).padStart(2, '0')}`);
  for (const name of names) {
    await mkdir(join(within.path, name, 'left'), { recursive: true, mode: 0o700 });
    await writeFile(join(within.path, name, 'owners'), `${boot} ${namespace}\n999999999 1\n`);
  }
  // Another process is at the first; it ends without having swept it.
  const other = spawn('sleep', ['1000']);
  const first = join(within.path, names[0] ?? '');
  await appendFile(join(first, 'owners'), `${other.pid} ${(await processStatus(other.pid ?? 0))?.start}\n`);
  const script = fileURLToPath(new URL('../sweep.js', import.meta.url));
  const sweeps = await Promise.all([0, 1].map(() => run(process.execPath, [script], { env: { ...process.env, TMPDIR: within.path } })));
  const gone = once(other, 'exit');
  other.kill('SIGKILL');
  await gone;
  sweeps.push(await run(process.execPath, [script], { env: { ...process.env, TMPDIR: within.path } }));
  const lines = sweeps.flatMap(({ stdout }) => stdout.split('\n').filter((line) => line !== ''));
  assert.equal(
    lines.toSorted(),
    names.map((name) => `swept ${join(within.path, name)}, of a test run that is dead: directory left`).toSorted(),
  );
  assert.match(sweeps[2]?.stdout ?? '', first);
  assert.equal(await readdir(within.path), []);
});

/** Cgroups, the first being the lowest, and nftables of an engine, as drivers name them by themselves, proven alone, and as all of an engine do. */
async function makeTraces(engine: string): Promise<{ readonly groups: readonly string[]; readonly tables: readonly string[] }> {
  const hierarchies = (await readdir('/sys/fs/cgroup')).filter((name) => existsSync(`/sys/fs/cgroup/${name}/cgroup.procs`));
  const [first = '.'] = hierarchies.filter((name) => name === 'pids' || name === 'unified');
  const groups = [`shiplog-${engine}/c`, `shiplog-${engine}`, `shiplog-kit-${engine}-c`].map((name) => `/sys/fs/cgroup/${first}/${name}`);
  for (const group of groups) await mkdir(group, { recursive: true });
  const tables = [`shiplog_${engine}`, `shiplog_cni_${engine}`];
  for (const table of tables) assert.is((await run('nft', ['add', 'table', 'ip', table])).code, 0);
  return { groups, tables };
}

test('given cgroups and nftables of engines that a dead run had in whatever directory, when swept, then they go, and those of others stay', async () => {
  await using within = await temporaryDirectory('shiplog-sweep-');
  const { boot, namespace } = await pidSpace();
  const [mine, deep, others] = [1, 2, 3].map((number) => `${String(process.pid).padStart(10, '0').slice(-10)}e${number}`);
  assert.ok(mine && deep && others);
  const dead = join(within.path, 'sltDead00');
  await mkdir(join(dead, 'shiplog-kit-a'), { recursive: true, mode: 0o700 });
  await mkdir(join(dead, 'test', 'some', 'engine'), { recursive: true });
  await writeFile(join(dead, 'owners'), `${boot} ${namespace}\n999999999 1\n`);
  await writeFile(join(dead, 'shiplog-kit-a', 'engine-id'), mine);
  await writeFile(join(dead, 'test', 'some', 'engine', 'engine-id'), `${deep}\n`);
  const traces = [await makeTraces(mine), await makeTraces(deep)];
  const stay = await makeTraces(others);
  try {
    const lines: string[] = [];
    await sweep((line) => void lines.push(line), within.path);
    const tables = (await run('nft', ['list', 'tables'])).stdout;
    for (const { groups, tables: names } of traces) {
      assert.equal(groups.filter(existsSync), [], lines.join('\n'));
      assert.equal(
        names.filter((name) => tables.includes(`${name}\n`)),
        [],
        lines.join('\n'),
      );
    }
    assert.equal(stay.groups.filter(existsSync), stay.groups);
    assert.ok(stay.tables.every((name) => tables.includes(name)));
    assert.not.ok(existsSync(dead));
  } finally {
    for (const { groups, tables } of [...traces, stay]) {
      for (const group of groups) await rmdir(group).catch(() => undefined);
      for (const table of tables) await run('nft', ['delete', 'table', 'ip', table]);
    }
  }
});

test.run();
