import { defineDriver, definePlugin } from '@shiplog/driver-kit';
import { OciRuntimeDriver } from './driver.ts';
import { findProgram } from './oci-runtime.ts';

export default definePlugin({
  manifest: { name: '@shiplog/runtime-oci', version: '0.1.0', api: [1] },
  drivers: [
    defineDriver({
      manifest: {
        kind: 'runtime',
        name: 'oci',
        capabilities: { terminal: true, exec: true, seccomp: true, init: true },
        needs: { binaries: ['conmon', 'crun or runc'], root: true },
        doc: 'Runs OCI bundles with crun or runc, each under a conmon of its own.',
      },
      driver: OciRuntimeDriver,
      async probe() {
        if ((await findProgram('conmon')) === undefined)
          return { usable: false, reason: 'conmon is not installed (apt-get install conmon)' };
        if ((await findProgram('crun')) === undefined && (await findProgram('runc')) === undefined)
          return { usable: false, reason: 'neither crun nor runc is installed (apt-get install crun)' };
        return { usable: true };
      },
    }),
  ],
});
