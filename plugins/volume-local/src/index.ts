import { defineDriver, definePlugin } from '@shiplog/driver-kit';
import { LocalVolumeDriver } from './driver.ts';
import { LOCAL_OPTIONS } from './mount-options.ts';

export default definePlugin({
  manifest: { name: '@shiplog/volume-local', version: '0.1.0', api: [1] },
  drivers: [
    defineDriver({
      manifest: {
        kind: 'volume',
        name: 'local',
        capabilities: { seed: true, delegates: false, inPlace: true },
        options: LOCAL_OPTIONS,
        needs: {},
        doc: "Volumes as directories below the engine's root, or with what their options say mounted there.",
      },
      driver: LocalVolumeDriver,
    }),
  ],
});
