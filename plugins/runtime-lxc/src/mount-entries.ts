import { stat, mkdir, writeFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import type { Mount, Spec } from '@shiplog/conmon';
import { type Kernel, ShiplogError } from '@shiplog/contracts';
import { errnoOf } from '@shiplog/driver-kit';

/** Types of which each mount is a new file system, in which no name can lead elsewhere. */
const NEW = new Set(['tmpfs', 'mqueue']);

/**
 * A container's mounts as LXC's `lxc.mount.entry`. LXC makes missing mount points before it is confined to the root file
 * system, through whatever symlinks an image has there. So they are made here, beneath it, and LXC is told where they really are.
 *
 * `view` is the directory that is shown where a cgroup is mounted.
 */
export async function mountEntries(kernel: Kernel, { root, mounts = [] }: Spec, view: string): Promise<readonly string[]> {
  const entries: string[] = [];
  const made: { readonly mount: Mount; readonly target: string }[] = [];
  for (const mount of mounts) {
    // LXC would mount its own: `lua/inside.lua` mounts this one.
    if (mount.type === 'devpts') continue;
    const bind = isBind(mount);
    const source = mount.type === 'cgroup' ? view : (mount.source ?? mount.type ?? 'none');
    const directory = !bind || (await isDirectory(source, mount.destination));
    // The one it lies in, if it lies in one that comes before it.
    const holder = made.findLast(({ mount: { destination } }) => mount.destination.startsWith(`${destination}/`));
    const target = await mountPoint(kernel, root.path, mount.destination, holder, directory);
    made.push({ mount, target });
    const create = holder !== undefined && NEW.has(holder.mount.type ?? '') ? [directory ? 'create=dir' : 'create=file'] : [];
    const type = bind || mount.type === 'cgroup' ? 'none' : (mount.type ?? 'none');
    const options = mount.type === 'cgroup' ? ['rbind', ...words(mount).filter((word) => word === 'ro')] : words(mount);
    entries.push([source, target.slice(1), type, [...options, ...create].join(',') || 'defaults', '0', '0'].map(escaped).join(' '));
  }
  return entries;
}

/** Where a mount goes, from the container's root, without a symlink on the way. It is there afterwards, unless LXC can make it safely. */
async function mountPoint(
  kernel: Kernel,
  root: string,
  destination: string,
  holder: { readonly mount: Mount; readonly target: string } | undefined,
  directory: boolean,
): Promise<string> {
  if (holder === undefined) return `/${relative(root, await makeBeneath(kernel, root, destination, directory))}`;
  const within = destination.slice(holder.mount.destination.length + 1);
  if (!isBind(holder.mount) || holder.mount.source === undefined) return join(holder.target, within);
  const real = await makeBeneath(kernel, holder.mount.source, within, directory);
  return join(holder.target, relative(holder.mount.source, real));
}

/** The real path of `path` beneath `root`, made with those above it if it is missing. */
export async function makeBeneath(kernel: Kernel, root: string, path: string, directory: boolean): Promise<string> {
  const real = await kernel.files.resolveBeneath(root, path).catch(async (error: unknown) => {
    if (!(error instanceof ShiplogError) || error.code !== 'PATH_NOT_FOUND' || dirname(path) === path) throw error;
    await makeBeneath(kernel, root, dirname(path), true);
    return kernel.files.resolveBeneath(root, path);
  });
  try {
    if (directory) await mkdir(real, { mode: 0o755 });
    else await writeFile(real, '', { flag: 'wx', mode: 0o644 });
  } catch (error) {
    if (!['EEXIST', 'EROFS'].includes(errnoOf(error) ?? '')) throw error;
  }
  return real;
}

function isBind({ type, options = [] }: Mount): boolean {
  return type === 'bind' || options.includes('bind') || options.includes('rbind');
}

/** Options of mount(8) as LXC takes them. */
function words(mount: Mount): readonly string[] {
  const options = (mount.options ?? []).filter((option) => option !== 'rw');
  return isBind(mount) && !options.some((option) => option === 'bind' || option === 'rbind') ? ['bind', ...options] : options;
}

async function isDirectory(source: string, destination: string): Promise<boolean> {
  try {
    return (await stat(source)).isDirectory();
  } catch (error) {
    if (errnoOf(error) !== 'ENOENT') throw error;
    throw new ShiplogError(
      'RUNTIME_FAILED',
      `cannot mount ${source} at ${destination}: no such file or directory`,
      { source, destination },
      { cause: error },
    );
  }
}

/** As fstab(5) has it. */
function escaped(field: string): string {
  return field.replace(/[\\ \t\n#]/g, (letter) => `\\${letter.charCodeAt(0).toString(8).padStart(3, '0')}`);
}
