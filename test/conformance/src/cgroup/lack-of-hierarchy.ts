import { join } from 'node:path';
import type { Kernel } from '@shiplog/contracts';
import { readControl } from '@shiplog/driver-kit';
import { type Hierarchy, hierarchies } from '../hierarchies.ts';

/** Controllers without which the kit has nothing to limit. */
const WANTED = ['memory', 'pids'];
const TYPES = { cgroup: 1, cgroup2: 2 } as const;

/**
 * Why a driver cannot be proven on this host, by the file systems that its manifest needs: `cgroup` is version 1, `cgroup2` is version 2, and with
 * both or none either will do. Undefined if it can.
 */
export async function lackOfHierarchy(kernel: Kernel, filesystems: readonly string[] = []): Promise<string | undefined> {
  const named = Object.entries(TYPES).filter(([type]) => filesystems.includes(type));
  const versions = (named.length === 0 ? Object.entries(TYPES) : named).map(([, version]) => version);
  const all = await hierarchies(kernel);
  for (const version of versions) {
    const has = (await Promise.all(all.filter((one) => one.version === version).map(controllersOf))).flat();
    if (WANTED.every((controller) => has.includes(controller))) return undefined;
  }
  return `no cgroup hierarchy of version ${versions.join(' or ')} is mounted here that has the controllers ${WANTED.join(' and ')}`;
}

async function controllersOf({ version, controllers, mounted }: Hierarchy): Promise<readonly string[]> {
  return version === 1 ? controllers : (await readControl(join(mounted, 'cgroup.controllers'))).split(' ');
}
