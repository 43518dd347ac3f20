import { findProgram } from '@shiplog/conmon';
import { defineDriver, definePlugin } from '@shiplog/driver-kit';
import { OciRuntimeDriver } from './driver.ts';

/** The driver under a name that clients ask for; it takes one of `programs`, the first that there is. */
function runtime(name: string, programs: readonly string[], doc: string) {
  return defineDriver({
    manifest: {
      kind: 'runtime',
      name,
      capabilities: { terminal: true, exec: true, seccomp: true, init: true },
      needs: { binaries: ['conmon', programs.join(' or ')], root: true },
      doc,
    },
    driver: OciRuntimeDriver,
    async probe() {
      if ((await findProgram('conmon')) === undefined) return { usable: false, reason: 'conmon is not installed (apt-get install conmon)' };
      const found = await Promise.all(programs.map(findProgram));
      if (found.every((path) => path === undefined))
        return { usable: false, reason: `${programs.join(' or ')} is not installed (apt-get install ${programs[0]})` };
      return { usable: true };
    },
  });
}

export default definePlugin({
  manifest: { name: '@shiplog/runtime-oci', version: '0.1.0', api: [1] },
  drivers: [
    runtime('oci', ['crun', 'runc'], 'Runs OCI bundles with crun or runc, each under a conmon of its own.'),
    runtime('crun', ['crun'], 'The same with crun, for those who ask for it.'),
    runtime('runc', ['runc'], 'The same with runc, for those who ask for it.'),
  ],
});
