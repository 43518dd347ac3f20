import type { Kernel } from '@shiplog/contracts';

/** A version 1 hierarchy. */
export interface Hierarchy {
  /** As /proc/<pid>/cgroup names them: `memory`, `cpu,cpuacct`, `name=systemd`. */
  readonly controllers: string;
  readonly mounted: string;
}

/** Mount options that are no controllers. */
const OPTIONS = new Set(['rw', 'ro', 'none', 'xattr', 'clone_children', 'noprefix', 'cpuset_v2_mode']);

/** The version 1 hierarchies of this host, each once. */
export async function hierarchies(kernel: Kernel): Promise<readonly Hierarchy[]> {
  const found = new Map<string, Hierarchy>();
  for (const { type, target, root, superOptions } of await kernel.mounts.list()) {
    if (type !== 'cgroup' || root !== '/') continue;
    const controllers = superOptions.filter((option) => !OPTIONS.has(option) && !option.startsWith('release_agent=')).join(',');
    if (!found.has(controllers)) found.set(controllers, { controllers, mounted: target });
  }
  return [...found.values()];
}
