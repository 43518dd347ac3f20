import { readFile, statfs } from 'node:fs/promises';
import { availableParallelism, release, tmpdir, totalmem } from 'node:os';

/** Types of file systems by their magic numbers (statfs(2)). */
const FILE_SYSTEMS: { readonly [magic: number]: string } = {
  0xef53: 'ext4',
  0x9123683e: 'btrfs',
  0x58465342: 'xfs',
  0x01021994: 'tmpfs',
  0x794c7630: 'overlay',
};

/** What the results depend on: no names and no paths. */
export async function machineFacts(): Promise<{ readonly [fact: string]: string }> {
  const { type } = await statfs(tmpdir());
  return {
    kernel: `Linux ${release()}`,
    cgroups: cgroupsOf(await readFile('/proc/self/mountinfo', 'utf8')),
    'temporary files': FILE_SYSTEMS[type] ?? `file system ${type.toString(16)}`,
    processors: String(availableParallelism()),
    memory: `${Math.round(totalmem() / 2 ** 30)} GiB`,
    node: process.version,
  };
}

function cgroupsOf(mounts: string): string {
  const types = new Set([...mounts.matchAll(/ - (cgroup2?) /g)].map(([, type]) => type));
  if (types.size === 2) return 'version 1, and a version 2 hierarchy beside';
  return types.has('cgroup2') ? 'version 2' : 'version 1';
}
