import type { NetworkDriver } from '@shiplog/contracts';
import type { Act } from './call.ts';
import type { SimHost } from './sim-host.ts';

/** Where free ports begin, as with Docker. */
const FIRST_PORT = 49_153;

export function network(host: SimHost, act: Act): NetworkDriver {
  return {
    observe: async () => host.observe('net'),
    createNetwork: ({ network: { id } }, { op }) => act('createNetwork', id, () => (host.things.add(`network/network/${id}`), {}), op),
    removeNetwork: ({ network: { id } }, { op }) => act('removeNetwork', id, () => (host.things.delete(`network/network/${id}`), {}), op),
    openSandbox: ({ id, path }, { op }) => act('openSandbox', id, () => (host.things.add(`net/sandbox/${id}`), { path }), op),
    closeSandbox: ({ id }, { op }) => act('closeSandbox', id, () => (host.things.delete(`net/sandbox/${id}`), {}), op),
    attach: ({ id }, { op }) => act('attach', id, () => (host.things.add(`net/endpoint/${id}`), {}), op),
    detach: ({ id }, { op }) => act('detach', id, () => (host.things.delete(`net/endpoint/${id}`), {}), op),
    removeEndpoint: ({ id }, { op }) => act('removeEndpoint', id, () => (host.things.delete(`net/endpoint/${id}`), {}), op),
    freePorts: async ({ count, avoid }) => {
      const ports: number[] = [];
      for (let port = FIRST_PORT; ports.length < count; port += 1) if (!avoid.includes(port)) ports.push(port);
      return { ports };
    },
  };
}
