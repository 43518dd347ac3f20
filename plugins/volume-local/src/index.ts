import { defineDriver, definePlugin } from '@shiplog/driver-kit';
import { LocalVolumeDriver } from './driver.ts';

export default definePlugin({
  manifest: { name: '@shiplog/volume-local', version: '0.1.0', api: [1] },
  drivers: [
    defineDriver({
      manifest: { kind: 'volume', name: 'local', capabilities: {}, needs: {}, doc: "Volumes as directories below the engine's root." },
      driver: LocalVolumeDriver,
    }),
  ],
});
