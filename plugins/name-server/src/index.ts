import { API_VERSION } from '@shiplog/contracts';
import { defineDriver, definePlugin } from '@shiplog/driver-kit';
import { EmbeddedNameServer } from './embedded-name-server.ts';

export { EmbeddedNameServer } from './embedded-name-server.ts';

export default definePlugin({
  manifest: { name: '@shiplog/name-server', version: '0.1.0', api: [API_VERSION] },
  drivers: [
    defineDriver({
      manifest: {
        kind: 'name-server',
        name: 'embedded',
        capabilities: {},
        needs: { root: true },
        doc: 'Finds containers by name, from within containers, as Docker does.',
      },
      driver: EmbeddedNameServer,
    }),
  ],
});
