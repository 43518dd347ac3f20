import { defineDriver, definePlugin } from '@shiplog/driver-kit';
import { RegistrySource } from './driver.ts';
import { probeOptions } from './hosts.ts';

export default definePlugin({
  manifest: { name: '@shiplog/image-source-registry', version: '0.1.0', api: [1] },
  drivers: [
    defineDriver({
      manifest: {
        kind: 'image-source',
        name: 'registry',
        capabilities: { offline: false, login: true, push: true, tags: true },
        needs: {},
        doc: 'Images from registries, over the OCI distribution protocol; its options `only`, `insecure`, `mirrors` and `certs` say which, and how.',
      },
      create: ({ options }) => new RegistrySource(options),
      probe: probeOptions,
    }),
  ],
});
