import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';

/**
 * Where a container's cgroup is: in the unified hierarchy, if the engine below `directory` uses that, else in the version 1
 * hierarchy of a controller. Throws if it is in neither.
 */
export async function groupDirectory(
  directory: string,
  id: string,
  controller: string,
): Promise<{ readonly path: string; readonly version: 1 | 2 }> {
  const engineId = (await readFile(join(directory, 'root/engine-id'), 'utf8')).trim();
  for (const [version, mount] of [
    [2, '/sys/fs/cgroup'],
    [1, `/sys/fs/cgroup/${controller}`],
  ] as const) {
    const path = join(mount, `shiplog-${engineId}`, id);
    if ((await stat(path).catch(() => undefined)) !== undefined) return { path, version };
  }
  throw new Error(`container ${id} has no cgroup`);
}
