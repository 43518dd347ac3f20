import { API_VERSION } from '@shiplog/contracts';
import { defineDriver, definePlugin } from '@shiplog/driver-kit';
import { LinuxContainerFiles } from './linux-container-files.ts';

export { LinuxContainerFiles } from './linux-container-files.ts';

export default definePlugin({
  manifest: { name: '@shiplog/container-files', version: '0.1.0', api: [API_VERSION] },
  drivers: [
    defineDriver({
      manifest: {
        kind: 'container-files',
        name: 'linux',
        capabilities: { gzip: true, zstd: true, bzip2: true, xz: true },
        needs: { root: true },
        doc: 'Reads and writes files of containers as tar, each path resolved beneath the container’s root by the kernel.',
      },
      driver: LinuxContainerFiles,
    }),
  ],
});
