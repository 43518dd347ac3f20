import { defineDriver, definePlugin } from '@shiplog/driver-kit';
import { PluginVolumeDriver } from './driver.ts';

export default definePlugin({
  manifest: { name: '@shiplog/volume-plugin', version: '0.1.0', api: [1] },
  drivers: [
    defineDriver({
      manifest: {
        kind: 'volume',
        name: 'docker-plugin',
        capabilities: { seed: true, delegates: true },
        needs: {},
        deadlines: { create: 120_000, publish: 120_000 },
        doc: "Every volume driver that is a plugin of Docker's protocol, found by the name it is asked for.",
      },
      driver: PluginVolumeDriver,
    }),
  ],
});
