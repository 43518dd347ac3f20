import { type ContainerRecord, type ExecRecord, type ImageRecord, ShiplogError } from '@shiplog/contracts';
import { containerEnv, mergeEnv } from './environment.ts';
import type { OciProcess } from './oci-spec.ts';
import { processPrivileges } from './runtime-spec.ts';
import { workingDirectory } from './working-directory.ts';

/** What an exec session's process is made of. */
export interface ExecProcessInput {
  readonly container: Pick<ContainerRecord, 'spec'>;
  readonly image: Pick<ImageRecord, 'config'>;
  readonly exec: Pick<ExecRecord, 'spec'>;
  readonly hostname: string;
  /** Values the container was made with, `NAME=value`. */
  readonly containerEnv: readonly string[];
  /** Values asked for with the exec. */
  readonly env: readonly string[];
}

/**
 * The OCI process object of an exec session: the container's environment and privileges, unless more is asked for. User
 * ids and HOME are left to the runtime driver. Throws SPEC_INVALID without a command.
 */
export function execProcess(input: ExecProcessInput): OciProcess {
  const { container, image, hostname } = input;
  const exec = input.exec.spec;
  if (exec.command.length === 0) throw new ShiplogError('SPEC_INVALID', 'No exec command specified');
  const inherited = containerEnv({ hostname, tty: exec.tty, image: image.config.Env ?? [], asked: input.containerEnv });
  const cwd = exec.workingDir === '' ? workingDirectory(container.spec, image.config) : workingDirectory(exec, {});
  return {
    terminal: exec.tty,
    ...(exec.tty && exec.consoleSize !== undefined
      ? { consoleSize: { height: exec.consoleSize.rows, width: exec.consoleSize.columns } }
      : {}),
    user: { uid: 0, gid: 0 },
    args: exec.command,
    env: mergeEnv(inherited, input.env),
    cwd,
    ...processPrivileges(container.spec, container.spec.privileged || exec.privileged),
  };
}
