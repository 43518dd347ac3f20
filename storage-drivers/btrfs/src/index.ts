import { defineDriver, definePlugin } from '@shiplog/driver-kit';
import { BtrfsDriver } from './btrfs-driver.ts';
import { probeBtrfs } from './probe.ts';

/** The plugin: one storage driver, `btrfs`. */
export default definePlugin({
  manifest: { name: '@shiplog/storage-btrfs', version: '0.1.0', api: [1] },
  drivers: [
    defineDriver({
      manifest: {
        kind: 'storage',
        name: 'btrfs',
        capabilities: { copyOnWrite: true, quota: true },
        needs: { root: true, filesystems: ['btrfs'] },
        doc: 'Every snapshot is a subvolume that shares its blocks with its parent, where the root is on btrfs.',
      },
      driver: BtrfsDriver,
      probe: probeBtrfs,
    }),
  ],
});

export { BtrfsDriver };
