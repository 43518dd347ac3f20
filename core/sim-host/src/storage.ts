import type { StorageDriver } from '@shiplog/contracts';
import type { Act } from './call.ts';
import type { SimHost } from './sim-host.ts';

export function storage(host: SimHost, act: Act): StorageDriver {
  return {
    observe: async () => host.observe('storage'),
    applyLayer: ({ key, diffId }, { op }) =>
      act('applyLayer', key, () => (host.things.add(`storage/snapshot/${key}`), { diffId, bytes: 1 }), op),
    prepare: ({ key }, { op }) => act('prepare', key, () => (host.things.add(`storage/snapshot/${key}`), {}), op),
    mount: ({ key }, { op }) => act('mount', key, () => (host.things.add(`storage/mount/${key}`), { mounts: [] }), op),
    unmount: ({ key }, { op }) => act('unmount', key, () => (host.things.delete(`storage/mount/${key}`), {}), op),
    remove: ({ key }, { op }) => act('remove', key, () => (host.things.delete(`storage/snapshot/${key}`), {}), op),
    usage: async () => ({ bytes: 1, inodes: 1 }),
  };
}
