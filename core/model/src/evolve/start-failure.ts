import type { ErrorCode } from '@shiplog/contracts';

/** The exit code Docker shows for a command that could not be run; `other` for every reason but the command itself. */
export function startExitCode(code: ErrorCode, other: number): number {
  if (code === 'COMMAND_NOT_FOUND') return 127;
  if (code === 'COMMAND_NOT_EXECUTABLE') return 126;
  return other;
}
