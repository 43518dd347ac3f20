import { hash } from 'node:crypto';
import { ShiplogError, type Vault } from '@shiplog/contracts';
import type { Act } from './call.ts';
import type { SimHost } from './sim-host.ts';

export function vault(host: SimHost, act: Act): Vault {
  return {
    put: (id, value) => act('put', id, () => (host.secrets.set(id, value), { id, hmac: 'hmac' })),
    mac: async (value) => hash('sha256', value),
    get: async ({ id }) => {
      const value = host.secrets.get(id);
      if (value === undefined) throw new ShiplogError('SECRET_NOT_FOUND', `no secret ${id}`);
      return value;
    },
    remove: (id) => act('remove', id, () => void host.secrets.delete(id)),
    observe: async () => [...host.secrets.keys()],
  };
}
