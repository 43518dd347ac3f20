import type { ExecRecord, StateView } from '@shiplog/contracts';
import { parseDetachKeys } from '../http/detach-keys.ts';
import { userOf } from './effective-config.ts';

/** Answer of `GET /exec/{id}/json`. `ExitCode` is null until it has ended; `DetachKeys` are bytes in base64, none where they are the usual ones. */
export function execInspect(exec: ExecRecord, view: StateView): object {
  const container = view.container(exec.containerId);
  const user = exec.spec.user || userOf(container.spec, view.images.get(container.imageId));
  const [entrypoint = '', ...args] = exec.spec.command;
  return {
    ID: exec.id,
    Running: exec.status === 'running',
    ExitCode: exec.exitCode ?? null,
    ProcessConfig: {
      tty: exec.spec.tty,
      entrypoint,
      arguments: args,
      privileged: exec.spec.privileged,
      ...(user === '' ? {} : { user }),
    },
    OpenStdin: exec.spec.attachStdin,
    OpenStderr: exec.spec.attachStderr,
    OpenStdout: exec.spec.attachStdout,
    CanRemove: exec.status === 'exited',
    ContainerID: exec.containerId,
    DetachKeys: exec.spec.detachKeys === undefined ? '' : Buffer.from(parseDetachKeys(exec.spec.detachKeys)).toString('base64'),
    Pid: exec.status === 'running' ? (exec.process?.pid ?? 0) : 0,
  };
}
