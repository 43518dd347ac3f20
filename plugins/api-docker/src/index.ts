import { defineDriver, definePlugin } from '@shiplog/driver-kit';
import { DockerApi } from './docker-api.ts';

export { DockerApi } from './docker-api.ts';
export { REFUSED } from './routes/refused.ts';
export { ROUTES } from './routes/table.ts';

export default definePlugin({
  manifest: { name: '@shiplog/api-docker', version: '0.1.0', api: [1] },
  drivers: [
    defineDriver({
      manifest: {
        kind: 'api',
        name: 'docker',
        capabilities: { attach: true, exec: true, events: true, pull: true, build: true },
        needs: {},
        doc: 'The Docker Engine API, 1.24 to 1.51, as a translation onto commands, queries and the log.',
      },
      driver: DockerApi,
    }),
  ],
});
