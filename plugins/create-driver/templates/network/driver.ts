import type { NetworkDriver } from '@shiplog/contracts';
import { type DriverServices, Sandboxes } from '@shiplog/driver-kit';

/**
 * Containers with a network namespace of their own and nothing in it but loopback: the smallest network driver there is. Give endpoints
 * an interface in `attach`, take it away in `detach`, and say so in the manifest's capabilities.
 */
export function createDriver({ kernel, home }: DriverServices): NetworkDriver {
  const sandboxes = new Sandboxes(kernel, home.runDir);
  return {
    createNetwork: async () => ({}),
    removeNetwork: async () => ({}),
    openSandbox: (args) => sandboxes.open(args),
    closeSandbox: (args) => sandboxes.close(args),
    attach: async () => ({}),
    detach: async () => ({}),
    removeEndpoint: async () => ({}),
    freePorts: async () => ({ ports: [] }),
    observe: () => sandboxes.observe(),
  };
}
