import { defineDriver, definePlugin } from '@shiplog/driver-kit';
import { createCopyDriver } from './copy-driver.ts';

export default definePlugin({
  manifest: { name: 'example-storage-driver', version: '0.1.0', api: [1] },
  drivers: [
    defineDriver({
      manifest: {
        kind: 'storage',
        name: 'copy',
        capabilities: { copyOnWrite: false },
        needs: { root: true },
        doc: 'An example: every snapshot is a copy of its parent.',
      },
      create: createCopyDriver,
      async probe() {
        return process.geteuid?.() === 0 ? { usable: true } : { usable: false, reason: 'files of other owners can only be made by root' };
      },
    }),
  ],
});
