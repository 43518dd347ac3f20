import type { StorageDriver } from '@shiplog/contracts';
import type { Act } from './call.ts';
import type { SimHost } from './sim-host.ts';

/** Drivers of several names hold things apart. */
export function storage(host: SimHost, name: string, act: Act): StorageDriver {
  const kind = `storage:${name}`;
  return {
    observe: async () => host.observe(kind),
    applyLayer: ({ key, diffId }, { op }) =>
      act('applyLayer', key, () => (host.things.add(`${kind}/snapshot/${key}`), { diffId, bytes: 1 }), op),
    prepare: ({ key }, { op }) => act('prepare', key, () => (host.things.add(`${kind}/snapshot/${key}`), {}), op),
    mount: ({ key }, { op }) => act('mount', key, () => (host.things.add(`${kind}/mount/${key}`), { mounts: [] }), op),
    unmount: ({ key }, { op }) => act('unmount', key, () => (host.things.delete(`${kind}/mount/${key}`), {}), op),
    remove: ({ key }, { op }) => act('remove', key, () => (host.things.delete(`${kind}/snapshot/${key}`), {}), op),
    changes: async () => ({ changes: [] }),
    usage: async () => ({ bytes: 1, inodes: 1 }),
  };
}
