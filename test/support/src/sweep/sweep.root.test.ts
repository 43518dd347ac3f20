import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { chmod, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
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

test.run();
