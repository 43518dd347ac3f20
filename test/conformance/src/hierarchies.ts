import type { Kernel } from '@shiplog/contracts';

/** A cgroup hierarchy of this host (cgroups(7)). */
export interface Hierarchy {
  readonly version: 1 | 2;
  /** Where it is mounted. */
  readonly mounted: string;
  /** Of version 1: mount options, of which the controllers are some. Empty for version 2, whose groups say which they have. */
  readonly controllers: readonly string[];
}

/** Every hierarchy of this host, each once, however often it is mounted. */
export async function hierarchies(kernel: Kernel): Promise<readonly Hierarchy[]> {
  const found = new Map<string, Hierarchy>();
  for (const { type, root, target, major, minor, superOptions } of await kernel.mounts.list()) {
    if ((type !== 'cgroup' && type !== 'cgroup2') || root !== '/') continue;
    const key = `${major}:${minor}`;
    if (!found.has(key))
      found.set(key, { version: type === 'cgroup' ? 1 : 2, mounted: target, controllers: type === 'cgroup' ? superOptions : [] });
  }
  return [...found.values()];
}
