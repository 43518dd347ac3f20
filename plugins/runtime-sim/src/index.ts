import { defineDriver, definePlugin } from '@shiplog/driver-kit';
import { SimRuntimeDriver } from './driver.ts';

export default definePlugin({
  manifest: { name: '@shiplog/runtime-sim', version: '0.1.0', api: [1] },
  drivers: [
    defineDriver({
      manifest: {
        kind: 'runtime',
        name: 'sim',
        capabilities: { exec: true, terminal: false, seccomp: false, init: false, programs: false },
        needs: {},
        doc: 'Runs nothing: processes are records that end when they are told to.',
      },
      driver: SimRuntimeDriver,
    }),
  ],
});
