import type { ExecSpec } from '../container-spec.ts';

/** An exec session that asks for nothing special, for tests to ask more of. */
export const PLAIN_EXEC: ExecSpec = {
  command: ['true'],
  env: { names: [] },
  user: '',
  workingDir: '',
  tty: false,
  attachStdin: false,
  attachStdout: true,
  attachStderr: true,
  privileged: false,
};
