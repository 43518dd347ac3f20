import type { Pruning } from './prune.ts';

export const CONTAINERS: Pruning = {
  kind: 'containers',
  what: 'containers that do not run',
  prune: (docker, filters) => docker.pruneContainers(filters),
};

export const NETWORKS: Pruning = {
  kind: 'networks',
  what: 'networks that no running container is on',
  prune: (docker, filters) => docker.pruneNetworks(filters),
};

/** `all`: those with names, too. */
export function imagePruning(all: boolean): Pruning {
  return {
    kind: 'images',
    what: all ? 'images that no container uses' : 'images without a name that no container uses',
    prune: (docker, filters) => docker.pruneImages(all ? { ...filters, dangling: ['false'] } : filters),
  };
}

/** `all`: those with names of their own, too. */
export function volumePruning(all: boolean): Pruning {
  return {
    kind: 'volumes',
    what: all ? 'volumes that no container mounts' : 'volumes without a name of their own that no container mounts',
    prune: (docker, filters) => docker.pruneVolumes(all ? { ...filters, all: ['true'] } : filters),
  };
}
