import { existsSync } from 'node:fs';
import { glob, readdir, readFile, rm, rmdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { run } from '../command.ts';
import { processStatus } from './process-identity.ts';

/**
 * Takes away what a dead test run left on the host, and its directory: processes that were started with it for their temporary directory and belong to
 * nobody any more; processes, cgroups, links and nftables of engines whose ids are in it; mounts below it. Answers what it found. Throws where
 * something stays; the directory then stays, too.
 */
export async function removeRemains(directory: string): Promise<readonly string[]> {
  const found: string[] = [];
  const engines = await enginesIn(directory);
  for (const pid of await orphansOf(directory)) found.push(...kill(pid));
  for (const engine of engines) {
    const groups = await groupsOf(engine);
    for (const group of groups) await thaw(group);
    for (const group of groups) {
      for (const pid of await processesIn(group)) found.push(...kill(pid));
      await removeGroup(group);
      found.push(`cgroup ${group}`);
    }
  }
  for (const target of (await mountsBelow(directory)).toReversed()) {
    await must('umount', ['--lazy', target]);
    found.push(`mount ${target}`);
  }
  for (const engine of engines) {
    found.push(...(await removeLinks(engine)));
    for (const [family, table] of await tablesOf(engine)) {
      await must('nft', ['delete', 'table', family, table]);
      found.push(`nftables ${family} ${table}`);
    }
  }
  const left = await mountsBelow(directory);
  if (left.length > 0) throw new Error(`still mounted: ${left.join(', ')}`);
  found.push(...(await readdir(directory)).filter((name) => name !== 'owners').map((name) => `directory ${name}`));
  await rm(directory, { recursive: true, force: true });
  return found;
}

/** Ids of engines, and of drivers that are proven by themselves, which the directory has in files, at the depths that tests have them. */
async function enginesIn(directory: string): Promise<readonly string[]> {
  const ids = new Set<string>();
  for await (const path of glob('*/{,*/,*/*/,*/*/*/}engine-id', { cwd: directory })) {
    const id = (await readFile(join(directory, path), 'utf8')).trim();
    if (/^[0-9a-f]{12}$/.test(id)) ids.add(id);
  }
  return [...ids];
}

/** Processes that inherited the run's TMPDIR, and whose parents did up to init: somebody who set it by hand has a parent who did not. */
async function orphansOf(directory: string): Promise<readonly number[]> {
  const marked = new Set<number>();
  for (const name of await readdir('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    const environment = await readFile(`/proc/${name}/environ`, 'utf8').catch(() => '');
    if (environment.split('\0').includes(`TMPDIR=${directory}`)) marked.add(Number(name));
  }
  const orphans: number[] = [];
  for (const pid of marked) {
    let top = (await processStatus(pid))?.parent;
    while (top !== undefined && marked.has(top)) top = (await processStatus(top))?.parent;
    if (top === 1) orphans.push(pid);
  }
  return orphans;
}

function kill(pid: number): readonly string[] {
  try {
    process.kill(pid, 'SIGKILL');
    return [`process ${pid}`];
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return [];
    throw error;
  }
}

/** Those in namespaces that were just unmounted go by themselves, now or in a moment. */
async function removeLinks(engine: string): Promise<readonly string[]> {
  const found = await linksOf(engine);
  for (const link of found) {
    const { code, stderr } = await run('ip', ['link', 'delete', link]);
    if (code !== 0 && (await linksOf(engine)).includes(link)) throw new Error(`link ${link} cannot be removed: ${stderr.trim()}`);
  }
  return found.map((link) => `link ${link}`);
}

/** The cgroups of an engine in every hierarchy, also of one that a test has mounted, the lowest first. */
async function groupsOf(engine: string): Promise<readonly string[]> {
  const groups = new Set<string>();
  for (const { target, type } of await mounts()) {
    if (type !== 'cgroup' && type !== 'cgroup2') continue;
    for await (const path of glob(`shiplog-{,kit-}${engine}{,-*}/{,**/}cgroup.procs`, { cwd: target }))
      groups.add(dirname(join(target, path)));
  }
  return [...groups].toSorted((a, b) => b.length - a.length);
}

async function processesIn(group: string): Promise<readonly number[]> {
  const text = await readFile(join(group, 'cgroup.procs'), 'utf8').catch(() => '');
  return text.split('\n').filter(Boolean).map(Number);
}

/** What is frozen does not die. One of these files is there, in a hierarchy that can freeze. */
async function thaw(group: string): Promise<void> {
  for (const [file, value] of [
    ['freezer.state', 'THAWED'],
    ['cgroup.freeze', '0'],
  ] as const)
    if (existsSync(join(group, file))) await writeFile(join(group, file), value);
}

/** Waits for what was killed: it takes a moment to leave. */
async function removeGroup(group: string): Promise<void> {
  for (let tries = 0; ; tries += 1) {
    try {
      return await rmdir(group);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === 'ENOENT') return;
      if (code !== 'EBUSY' || tries === 200) throw error;
      await sleep(25);
    }
  }
}

async function mountsBelow(directory: string): Promise<readonly string[]> {
  return (await mounts()).map(({ target }) => target).filter((target) => target.startsWith(`${directory}/`));
}

async function mounts(): Promise<readonly { readonly target: string; readonly type: string }[]> {
  const lines = (await readFile('/proc/self/mountinfo', 'utf8')).split('\n');
  return lines.map((line) => {
    const target = (line.split(' ')[4] ?? '').replace(/\\([0-7]{3})/g, (_, code) => String.fromCharCode(Number.parseInt(code, 8)));
    return { target, type: / - (\S+) /.exec(line)?.[1] ?? '' };
  });
}

async function linksOf(engine: string): Promise<readonly string[]> {
  const { code, stdout } = await run('ip', ['-json', 'link']);
  if (code !== 0) return [];
  const links = JSON.parse(stdout) as readonly { readonly ifname: string; readonly ifalias?: string }[];
  return links.filter(({ ifalias = '' }) => ifalias.startsWith(`shiplog ${engine} `)).map(({ ifname }) => ifname);
}

async function tablesOf(engine: string): Promise<readonly (readonly [family: string, table: string])[]> {
  const { code, stdout } = await run('nft', ['list', 'tables']);
  if (code !== 0) return [];
  return stdout
    .split('\n')
    .map((line) => line.split(' '))
    .filter(([word, , table]) => word === 'table' && (table === `shiplog_${engine}` || table === `shiplog_cni_${engine}`))
    .map(([, family = '', table = '']) => [family, table] as const);
}

async function must(command: string, args: readonly string[]): Promise<void> {
  const { code, stderr } = await run(command, args);
  if (code !== 0) throw new Error(`${command} ${args.join(' ')} ended with ${code}: ${stderr.trim()}`);
}
