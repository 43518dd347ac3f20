import { defineDriver, definePlugin } from '@shiplog/driver-kit';
import { OverlayDriver } from './overlay-driver.ts';
import { probeOverlay } from './probe.ts';

/** The plugin: one storage driver, `overlay`. */
export default definePlugin({
  manifest: { name: '@shiplog/storage-overlay', version: '0.1.0', api: [1] },
  drivers: [
    defineDriver({
      manifest: {
        kind: 'storage',
        name: 'overlay',
        capabilities: { copyOnWrite: true },
        needs: { root: true, filesystems: ['overlay'] },
        doc: 'Layers are shared and copied on write, by the overlay file system of Linux 5.10 or later.',
      },
      driver: OverlayDriver,
      probe: probeOverlay,
    }),
  ],
});

export { OverlayDriver };
