import { defineDriver, definePlugin } from '@shiplog/driver-kit';
import { API_VERSION } from '@shiplog/contracts';
import { LocalImageStore } from './local-image-store.ts';

export { LocalImageStore } from './local-image-store.ts';

export default definePlugin({
  manifest: { name: '@shiplog/image-store', version: '0.1.0', api: [API_VERSION] },
  drivers: [
    defineDriver({
      manifest: {
        kind: 'image-store',
        name: 'local',
        capabilities: { dockerArchive: true, ociLayout: true, gzip: true, zstd: true, bzip2: true, xz: true },
        needs: {},
        doc: 'Keeps image blobs by digest in a directory, takes docker-archives, OCI layouts and root file systems in, and writes archives.',
      },
      driver: LocalImageStore,
    }),
  ],
});
