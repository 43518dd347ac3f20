import type { ContainerSpec, ImageRunConfig } from '@shiplog/contracts';

/**
 * What will run: entrypoint, then cmd. An entrypoint in the spec drops the image's cmd as well; `['']` (what
 * `--entrypoint ''` sends) means none, and drops it too. An empty entrypoint list is none and keeps the image's cmd.
 */
export function mergeArgv(spec: Pick<ContainerSpec, 'entrypoint' | 'cmd'>, image: ImageRunConfig): readonly string[] {
  const { entrypoint, cmd } = spec;
  if (entrypoint !== undefined && entrypoint.length > 0) {
    const own = entrypoint.length === 1 && entrypoint[0] === '' ? [] : entrypoint;
    return [...own, ...(cmd ?? [])];
  }
  return [...(entrypoint ?? image.Entrypoint ?? []), ...(cmd ?? image.Cmd ?? [])];
}
