/** What a package-lock.json of version 3 says of one directory in node_modules. */
interface LockEntry {
  readonly dev?: boolean;
  readonly link?: boolean;
  readonly dependencies?: { readonly [name: string]: string };
}
export interface Lock {
  readonly packages: { readonly [path: string]: LockEntry };
}

/** Directories below node_modules that running needs: all but what is for development, yet with `wanted` of that. */
export function installedPackages({ packages }: Lock, wanted: readonly string[]): readonly string[] {
  const chosen = new Set<string>();
  for (const [path, entry] of Object.entries(packages))
    if (path.startsWith('node_modules/') && entry.link !== true && entry.dev !== true) chosen.add(path);
  const add = (from: string, name: string): void => {
    const path = resolve(packages, from, name);
    if (path === undefined || chosen.has(path)) return;
    chosen.add(path);
    for (const dependency of Object.keys(packages[path]?.dependencies ?? {})) add(path, dependency);
  };
  for (const name of wanted) add('', name);
  return [...chosen].toSorted();
}

/** As Node looks for it: in the node_modules of `from`, then of what is above. */
function resolve(packages: Lock['packages'], from: string, name: string): string | undefined {
  for (let at = from; ; at = at.slice(0, Math.max(0, at.lastIndexOf('/node_modules/')))) {
    const path = at === '' ? `node_modules/${name}` : `${at}/node_modules/${name}`;
    if (path in packages) return path;
    if (at === '') return undefined;
  }
}
