import type { ExecRecord } from '@shiplog/contracts';

/** Answer of `GET /exec/{id}/json`. `ExitCode` is null until it has ended. */
export function execInspect(exec: ExecRecord): object {
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
      ...(exec.spec.user === '' ? {} : { user: exec.spec.user }),
    },
    OpenStdin: exec.spec.attachStdin,
    OpenStderr: exec.spec.attachStderr,
    OpenStdout: exec.spec.attachStdout,
    CanRemove: exec.status === 'exited',
    ContainerID: exec.containerId,
    DetachKeys: '',
    Pid: exec.status === 'running' ? (exec.process?.pid ?? 0) : 0,
  };
}
