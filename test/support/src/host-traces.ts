import { readdir, readFile } from 'node:fs/promises';
import { run } from './command.ts';

/**
 * Everything on the host that carries a mark of one engine: mounts and namespace files below its directory, its links,
 * cgroups, nft tables and monitors. Sorted text lines, so that two moments can be compared.
 */
export async function hostTraces(directory: string): Promise<readonly string[]> {
  const engineId = (await readFile(`${directory}/root/engine-id`, 'utf8').catch(() => 'none')).trim();
  const traces: string[] = [];
  for (const line of (await readFile('/proc/self/mountinfo', 'utf8')).split('\n'))
    if (line.includes(directory)) traces.push(`mount ${line.split(' ')[4]}`);
  // The engine's id is in the alias of every interface it makes.
  for (const line of (await run('ip', ['-o', 'link'])).stdout.split('\n')) {
    if (line.includes(`alias shiplog ${engineId} endpoint`)) traces.push(`link ${line.split(':')[1]?.trim()}`);
  }
  for (const name of await readdir(`${directory}/run/netns`).catch(() => [])) traces.push(`netns ${name}`);
  for (const driver of await readdir(`${directory}/run/drivers/network`).catch(() => [])) {
    for (const name of await readdir(`${directory}/run/drivers/network/${driver}/sandboxes`).catch(() => []))
      traces.push(`sandbox ${driver}/${name}`);
  }
  for (const name of await readdir(`${directory}/run/rootfs`).catch(() => [])) traces.push(`rootfs ${name}`);
  for (const hierarchy of await readdir('/sys/fs/cgroup')) {
    for (const name of await readdir(`/sys/fs/cgroup/${hierarchy}/shiplog-${engineId}`, { withFileTypes: true }).catch(() => [])) {
      if (name.isDirectory()) traces.push(`cgroup ${hierarchy}/${name.name}`);
    }
  }
  const { stdout } = await run('nft', ['list', 'ruleset']);
  let ours = false;
  for (const line of stdout.split('\n')) {
    if (line.startsWith('table')) ours = line.includes(engineId);
    // Elements that map are published ports: what a container adds.
    if (ours && /elements = .* : /.test(line)) traces.push(`nft ${line.trim()}`);
  }
  for (const pid of await readdir('/proc')) {
    if (!/^\d+$/.test(pid)) continue;
    const words = (await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')).split('\0');
    if (words[0]?.endsWith('conmon') === true && words.some((word) => word.includes(directory)))
      traces.push(`monitor ${words[words.indexOf('--cid') + 1] ?? pid}`);
  }
  return traces.toSorted();
}
