import { mkdir } from 'node:fs/promises';
import type { VolumeDriver } from '@shiplog/contracts';
import { defineDriver, definePlugin } from '@shiplog/driver-kit';

/** Volumes that are published where nobody asked for them. */
function elsewhere(): VolumeDriver {
  const other = (path: string): string => `${path}-elsewhere`;
  return {
    async create({ path }) {
      await mkdir(path, { recursive: true });
      return {};
    },
    async publish({ path }) {
      await mkdir(other(path), { recursive: true });
      return { path: other(path) };
    },
    unpublish: async () => ({}),
    remove: async () => ({}),
    observe: async () => [],
  };
}

export default definePlugin({
  manifest: { name: 'elsewhere-volumes', version: '0.1.0', api: [1] },
  drivers: [
    defineDriver({
      manifest: { kind: 'volume', name: 'elsewhere', capabilities: {}, needs: {}, doc: 'Publishes elsewhere.' },
      create: elsewhere,
    }),
  ],
});
