import { defineDriver, definePlugin } from '@shiplog/driver-kit';
import { K8sFileLogDriver } from './driver.ts';

export default definePlugin({
  manifest: { name: '@shiplog/log-k8s-file', version: '0.1.0', api: [1] },
  drivers: [
    defineDriver({
      manifest: {
        kind: 'log',
        name: 'k8s-file',
        capabilities: { read: true, follow: true, spool: true, direct: true, lasting: false },
        needs: {},
        doc: 'Reads the CRI log format that conmon writes, one file a container.',
      },
      driver: K8sFileLogDriver,
    }),
  ],
});
