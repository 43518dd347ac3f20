/** Objects whose keys are no words of the API, but names that people, drivers and hosts give: each counts as `*`. */
const NAMES: ReadonlySet<string> = new Set([
  'Annotations',
  'Containers',
  'ExposedPorts',
  'IndexConfigs',
  'Labels',
  'Networks',
  'Options',
  'PortBindings',
  'Ports',
  'Runtimes',
  'Sysctls',
  'Tmpfs',
  'Volumes',
  'networks',
]);

/** Objects whose keys depend on the host's cgroup version, kernel and devices, all the way down. */
const OF_THE_HOST: ReadonlySet<string> = new Set(['blkio_stats', 'memory_stats']);

/** Every key that is anywhere in a JSON value, as paths: `State.Health.Log[].ExitCode`, `Labels.*`. */
export function keysOf(value: unknown, path = ''): readonly string[] {
  if (Array.isArray(value)) return unique(value.flatMap((element) => keysOf(element, `${path}[]`)));
  if (typeof value !== 'object' || value === null) return [];
  const name = path.slice(path.lastIndexOf('.') + 1);
  if (OF_THE_HOST.has(name)) return [`${path}.*`];
  const named = NAMES.has(name);
  return unique(
    Object.entries(value).flatMap(([key, inner]) => {
      const here = `${path}${path === '' ? '' : '.'}${named ? '*' : key}`;
      return [here, ...keysOf(inner, here)];
    }),
  );
}

function unique(paths: readonly string[]): readonly string[] {
  return [...new Set(paths)].toSorted();
}
