import { ShiplogError } from '@shiplog/contracts';

/** A command of a Dockerfile that ended otherwise than with 0. */
export function failed(command: readonly string[], exitCode: number): ShiplogError {
  return new ShiplogError('BUILD_FAILED', `The command '${command.join(' ')}' returned a non-zero code: ${exitCode}`, { exitCode });
}
