import type { MountInfo } from '@shiplog/contracts';

/** The mount that `path` (real, absolute) lies in. Of several on one target the last covers the others. */
export function mountHolding(table: readonly MountInfo[], path: string): MountInfo | undefined {
  let holding: MountInfo | undefined;
  for (const mount of table) {
    if (isWithin(path, mount.target) && (holding === undefined || mount.target.length >= holding.target.length)) holding = mount;
  }
  return holding;
}

/** A bind mount of something beneath a directory: `path` is relative to it, '' for the directory itself. */
export interface BindMount {
  readonly path: string;
  readonly target: string;
}

/**
 * Bind mounts of `directory` (real, absolute) and of what is beneath it. The mount table tells a bind mount only by the
 * file system and the path inside it (proc(5), mountinfo, fields 3 and 4), so both are compared.
 */
export function bindMountsOf(table: readonly MountInfo[], directory: string): readonly BindMount[] {
  const home = mountHolding(table, directory);
  if (home === undefined) return [];
  const inside = joinRoot(home.root, home.target === '/' ? directory : directory.slice(home.target.length));
  return table
    .filter((mount) => mount !== home && mount.major === home.major && mount.minor === home.minor && isWithin(mount.root, inside))
    .map((mount) => ({ path: mount.root.slice(inside.length).replace(/^\//, ''), target: mount.target }));
}

function isWithin(path: string, directory: string): boolean {
  return directory === '/' || path === directory || path.startsWith(`${directory}/`);
}

function joinRoot(root: string, rest: string): string {
  return root === '/' ? rest : `${root}${rest}`;
}
