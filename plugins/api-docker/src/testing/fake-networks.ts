import { randomBytes } from 'node:crypto';
import { ShiplogError } from '@shiplog/contracts';
import type { FakeHandlers } from './fake-handlers.ts';
import { type FakeHost, now } from './fake-host.ts';

/** What the fake engine does with networks. */
export function networkCommands(host: FakeHost): FakeHandlers {
  return {
    'network.create': (args) => {
      const id = randomBytes(32).toString('hex');
      const decided = { id, subnet: '172.30.0.0/16', gateway: '172.30.0.1', predefined: false, ...args };
      return {
        stream: `network/${id}`,
        decided,
        run: async () => {
          host.state.networks.set(id, { ...decided, createdAt: now() });
          return { outcome: {}, answer: { id } };
        },
      };
    },
    'network.remove': ({ network }) => {
      const { id, name, predefined } = host.state.network(network);
      if (predefined) throw new ShiplogError('NETWORK_PREDEFINED', `${name} is a pre-defined network and cannot be removed`);
      return {
        stream: `network/${id}`,
        decided: { id },
        run: async () => {
          host.state.networks.delete(id);
          return { outcome: {}, answer: { id } };
        },
      };
    },
  };
}
