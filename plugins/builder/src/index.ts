import { API_VERSION } from '@shiplog/contracts';
import { defineDriver, definePlugin } from '@shiplog/driver-kit';
import { DockerfileBuilder } from './dockerfile-builder.ts';

export { DockerfileBuilder } from './dockerfile-builder.ts';

export default definePlugin({
  manifest: { name: '@shiplog/builder', version: '0.1.0', api: [API_VERSION] },
  drivers: [
    defineDriver({
      manifest: {
        kind: 'builder',
        name: 'dockerfile',
        capabilities: { multiStage: true, cache: true, heredocs: false, buildkit: false },
        needs: {},
        doc: 'Builds images as a Dockerfile says, step by step, each step a container that is committed.',
      },
      driver: DockerfileBuilder,
    }),
  ],
});
