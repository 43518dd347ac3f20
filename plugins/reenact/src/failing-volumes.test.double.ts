import { ShiplogError, type VolumeDriver } from '@shiplog/contracts';
import { defineDriver, definePlugin } from '@shiplog/driver-kit';

/** Volumes that nobody can use. */
function failing(): VolumeDriver {
  return {
    create: async () => ({}),
    async publish() {
      throw new ShiplogError('DISK_FULL', 'no space for another consumer');
    },
    unpublish: async () => ({}),
    remove: async () => ({}),
    observe: async () => [],
  };
}

export default definePlugin({
  manifest: { name: 'failing-volumes', version: '0.1.0', api: [1] },
  drivers: [
    defineDriver({
      manifest: { kind: 'volume', name: 'failing', capabilities: {}, needs: {}, doc: 'Fails to publish.' },
      create: failing,
    }),
  ],
});
