import { type CgroupDriver, ShiplogError } from '@shiplog/contracts';
import type { Act } from './call.ts';
import type { SimHost } from './sim-host.ts';

export function cgroup(host: SimHost, act: Act): CgroupDriver {
  return {
    observe: async () => host.observe('cgroup'),
    create: ({ id }, { op }) =>
      act('create', id, () => (host.things.add(`cgroup/cgroup/${id}`), { cgroupsPath: `/sim/${id}`, unsupported: [] }), op),
    update: ({ id }, { op }) => act('update', id, () => ({ unsupported: [] }), op),
    join: ({ id }, { op }) => act('join', id, () => ({}), op),
    freeze: ({ id }, { op }) => act('freeze', id, () => (host.things.add(`cgroup/frozen/${id}`), {}), op),
    thaw: ({ id }, { op }) => act('thaw', id, () => (host.things.delete(`cgroup/frozen/${id}`), {}), op),
    kill: ({ id }, { op }) => act('kill', id, () => (host.exit(id, 137), {}), op),
    remove: ({ id }, { op }) => act('remove', id, () => (host.things.delete(`cgroup/cgroup/${id}`), {}), op),
    stats: async () => {
      throw new ShiplogError('NOT_SUPPORTED', 'a simulated host has no statistics');
    },
    processes: async () => ({ pids: [] }),
  };
}
