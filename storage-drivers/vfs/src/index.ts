import { defineDriver, definePlugin } from '@shiplog/driver-kit';
import { VfsDriver } from './vfs-driver.ts';

/** The plugin: one storage driver, `vfs`. */
export default definePlugin({
  manifest: { name: '@shiplog/storage-vfs', version: '0.1.0', api: [1] },
  drivers: [
    defineDriver({
      manifest: {
        kind: 'storage',
        name: 'vfs',
        capabilities: { copyOnWrite: false },
        needs: { root: true },
        doc: 'Every snapshot is a full copy. Works on any file system; slow, and takes the most space.',
      },
      driver: VfsDriver,
      async probe() {
        if (process.geteuid?.() !== 0) return { usable: false, reason: 'files of other owners can only be made by root' };
        return { usable: true };
      },
    }),
  ],
});

export { VfsDriver };
