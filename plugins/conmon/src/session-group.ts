import { mkdir, readdir, rmdir } from 'node:fs/promises';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Kernel } from '@shiplog/contracts';
import { errnoOf, groupsIn, processesIn, writeControl } from '@shiplog/driver-kit';

/** Names of sessions' groups, within their container's. */
const PREFIX = 'exec-';
/** A file in a session's directory that says which group is its. */
const KEPT = 'group.json';
/** Why there is no group then: the container has none in this hierarchy, or it may not be written. */
const NONE: ReadonlySet<string> = new Set(['ENOENT', 'EROFS', 'EACCES', 'EPERM', 'ENODEV']);
/** The kernel takes a dead process out of its group a moment later. */
const TRIES = 300;
/** So many rounds of kills do not wait for each other: they are to be faster than forks. */
const AT_ONCE = 20;

/**
 * A control group within the container's, for the processes of one exec session: so they can be told from others whatever sessions (setsid(2)) and parents
 * they choose. It limits nothing. On version 1 it is in the freezer's hierarchy alone: the controllers that count see no group of its own.
 */
export interface SessionGroup {
  readonly version: 1 | 2;
  readonly name: string;
  readonly path: string;
}

/** Where groups of sessions are made. */
export interface SessionHierarchy {
  readonly version: 1 | 2;
  readonly mounted: string;
}

/** The freezer's of version 1, else the unified one; undefined on a host without either. */
export async function sessionHierarchy({ mounts }: Pick<Kernel, 'mounts'>): Promise<SessionHierarchy | undefined> {
  const all = await mounts.list();
  const freezer = all.find(({ type, root, superOptions }) => type === 'cgroup' && root === '/' && superOptions.includes('freezer'));
  if (freezer !== undefined) return { version: 1, mounted: freezer.target };
  const unified = all.find(({ type, root }) => type === 'cgroup2' && root === '/');
  return unified === undefined ? undefined : { version: 2, mounted: unified.target };
}

/** Makes the group of a session, once its directory says that there may be one. Undefined where the container's takes none. */
export async function makeSessionGroup(
  { version, mounted }: SessionHierarchy,
  cgroupsPath: string,
  exec: string,
  directory: string,
): Promise<SessionGroup | undefined> {
  const name = `${PREFIX}${exec}`;
  const group = { version, name, path: join(mounted, cgroupsPath, name) };
  writeFileSync(join(directory, KEPT), JSON.stringify(group));
  try {
    await mkdir(group.path);
    return group;
  } catch (error) {
    const errno = errnoOf(error) ?? '';
    if (errno === 'EEXIST') return group;
    if (NONE.has(errno)) return undefined;
    throw error;
  }
}

/** The group that a session has, or may have. */
export function keptSessionGroup(directory: string): SessionGroup | undefined {
  const path = join(directory, KEPT);
  return existsSync(path) ? (JSON.parse(readFileSync(path, 'utf8')) as SessionGroup) : undefined;
}

/**
 * Kills all that is in the group, and waits until it is dead: by cgroup.kill (Linux 5.14, version 2), or one by one until nobody is found, for one that was not
 * killed yet may have forked. Nothing is frozen for that: an engine that is killed meanwhile would leave processes that cannot die.
 */
export async function killSessionGroup({ processes }: Kernel, { version, path }: SessionGroup): Promise<void> {
  for (let tries = 0; tries < TRIES; tries += 1) {
    if (version === 2) await writeControl(join(path, 'cgroup.kill'), 1).catch(absent);
    const members = await processesIn(path);
    if (members.length === 0) return;
    for (const pid of members) await processes.kill(pid, 9);
    if (tries >= AT_ONCE) await sleep(tries < 2 * AT_ONCE ? 1 : 10);
  }
}

/** Removes the group. What a session that ended by itself left running keeps it, until the container goes. */
export async function removeSessionGroup({ path }: SessionGroup): Promise<void> {
  for (const group of (await groupsIn(path)).toReversed())
    for (let tries = 0; tries < TRIES; tries += 1) {
      const errno = await rmdir(group).then(() => 'ENOENT', errnoOf);
      if (errno === 'ENOENT' || (await processesIn(group)).length > 0) break;
      if (errno !== 'EBUSY') return;
      await sleep(tries < 20 ? 1 : 10);
    }
}

/** Removes those of all sessions of a container that has ended. */
export async function removeSessionGroups({ version, mounted }: SessionHierarchy, cgroupsPath: string): Promise<void> {
  const container = join(mounted, cgroupsPath);
  const names = await readdir(container).catch(absent);
  for (const name of names ?? []) if (name.startsWith(PREFIX)) await removeSessionGroup({ version, name, path: join(container, name) });
}

/** The directory of the container's group. */
export function containerGroup({ path }: SessionGroup): string {
  return dirname(path);
}

function absent(error: unknown): undefined {
  if (!['ENOENT', 'ENODEV'].includes(errnoOf(error) ?? '')) throw error;
  return undefined;
}
