import { assertLives, ConmonRuntimeDriver, failure, findProgram, runCommand, type Runtime } from '@shiplog/conmon';
import { type Kernel, type RuntimeDriver, ShiplogError } from '@shiplog/contracts';
import type { DriverServices } from '@shiplog/driver-kit';

/** Makes containers and exec sessions by the words of runc(8). */
export const PROGRAM = 'runc';

/**
 * Containers made by a program, each under a conmon(8) of its own. `ConmonRuntimeDriver` has the verbs, stdio, exit codes, exec sessions, and
 * what a crash leaves. Say below what the program is called with and, where it wants something else than an OCI bundle, what that is.
 */
export function createDriver({ kernel, home, logger }: DriverServices): RuntimeDriver {
  return new ConmonRuntimeDriver(kernel, home, logger, async (_, state) => {
    const path = await findProgram(PROGRAM);
    if (path === undefined) throw new ShiplogError('HOST_UNSUITABLE', `${PROGRAM} is not installed`);
    return runtime(kernel, path, state);
  });
}

/** `state` is where the program keeps what it knows of containers. */
function runtime(kernel: Kernel, path: string, state: string): Runtime {
  const flags = ['--root', state];
  return {
    name: PROGRAM,
    path,
    flags,
    prepare: async (_, spec) => spec,
    processFile: async (_, process) => JSON.stringify(process),
    made: async (_, watched) => watched,
    async start(container, again) {
      await assertLives(kernel, container);
      const { code, stderr } = await runCommand(path, [...flags, 'start', container.id]);
      // An engine that was killed in a start may have done it, and not have said so.
      if (code !== 0 && !(again && /already running/.test(stderr))) throw failure(stderr, 'start');
    },
    async forget({ id }) {
      // Nothing is left of one that was never made, and of one that is forgotten already.
      const { code, stderr } = await runCommand(path, [...flags, 'delete', '--force', id]);
      if (code !== 0 && !/does not exist/.test(stderr)) throw failure(stderr, 'start');
    },
  };
}
