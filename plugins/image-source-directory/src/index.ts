import { defineDriver, definePlugin } from '@shiplog/driver-kit';
import { DirectorySource } from './driver.ts';
import { probeDirectory } from './probe.ts';

export default definePlugin({
  manifest: { name: '@shiplog/image-source-directory', version: '0.1.0', api: [1] },
  drivers: [
    defineDriver({
      manifest: {
        kind: 'image-source',
        name: 'directory',
        capabilities: { offline: true, login: false, push: false },
        needs: {},
        doc: 'Images from OCI image layouts in a directory: its option `path`.',
      },
      driver: DirectorySource,
      probe: probeDirectory,
    }),
  ],
});
