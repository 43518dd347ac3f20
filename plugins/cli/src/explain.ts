import { ERRORS } from '@shiplog/contracts/errors';
import { CliError, UsageError } from './cli-error.ts';
import { EXIT } from './exit-codes.ts';

/** What a person is told of an error. */
export interface Explanation {
  readonly message: string;
  readonly hint?: string;
  readonly exitCode: number;
}

/** Parts of an error as the client throws it; told by shape, so that printing an error does not load the client. */
interface ErrorShape {
  readonly name: string;
  readonly message: string;
  readonly status?: number;
  readonly code?: string;
  readonly errno?: string;
  readonly host?: string;
}

/** Says what happened and what to do next. `runsProcess`: an engine's error must not look like the process's exit code. */
export function explain(error: unknown, verb: string | undefined, runsProcess: boolean): Explanation {
  const engineCode = runsProcess ? EXIT.engine : EXIT.failed;
  if (error instanceof UsageError) {
    return {
      message: error.message,
      hint: error.hint ?? `see \`shiplog ${verb ?? ''} --help\``.replace('  ', ' '),
      exitCode: error.exitCode,
    };
  }
  if (error instanceof CliError) {
    return { message: error.message, exitCode: error.exitCode, ...(error.hint === undefined ? {} : { hint: error.hint }) };
  }
  const shape: ErrorShape = error instanceof Error ? error : { name: 'Error', message: String(error) };
  if (isGone(error)) return { message: GONE, hint: 'see whether one answers again with `shiplog version`', exitCode: engineCode };
  if (shape.name === 'UnreachableError') return { ...unreachable(shape), exitCode: engineCode };
  const hint = shape.name === 'ApiError' ? engineHint(shape) : catalogueHint(shape.code);
  return { message: shape.message, exitCode: engineCode, ...(hint === undefined ? {} : { hint }) };
}

/** What is said where {@link isGone}. */
export const GONE = 'the engine went away in the middle of its answer';

/** Whether a connection was lost while an answer was being read. */
export function isGone(error: unknown): boolean {
  return error instanceof Error && error.message === 'aborted' && 'code' in error && error.code === 'ECONNRESET';
}

/**
 * Exit code of a command that could not be run, told from the engine's message: 127 not found, 126 not executable, else
 * `otherwise`. Docker's API has no other way to say it.
 */
export function commandExitCode(message: string, otherwise: number): number {
  if (/executable file not found|no such file or directory/i.test(message)) return EXIT.notFound;
  if (/permission denied|is a directory|exec format error/i.test(message)) return EXIT.notExecutable;
  return otherwise;
}

function unreachable(error: ErrorShape): { readonly message: string; readonly hint: string } {
  const host = error.host ?? 'the engine';
  if (error.errno === 'EACCES' || error.errno === 'EPERM') {
    return { message: `no permission to use ${host}`, hint: 'run it as root, or as a member of the group that owns the socket' };
  }
  if (error.errno === 'ENOENT' || error.errno === 'ECONNREFUSED') {
    return {
      message: `no engine answers at ${host}`,
      hint: 'start it with `shiplogd` (or `npm start` in the source tree) as root, or say where it is with -H or SHIPLOG_HOST',
    };
  }
  return { message: error.message, hint: 'check the address in -H, SHIPLOG_HOST or DOCKER_HOST' };
}

function engineHint(error: ErrorShape): string | undefined {
  const known = catalogueHint(error.code);
  if (known !== undefined) return known;
  const about = error.message.toLowerCase();
  if (error.status === 404 && about.includes('could not find the file'))
    return 'look where it is with `shiplog exec CONTAINER ls DIRECTORY`; `shiplog changes CONTAINER` lists what was written';
  if (error.status === 404 && about.includes('image')) return 'list images with `shiplog images`, load one with `shiplog load -i FILE`';
  if (error.status === 404 && about.includes('container'))
    return 'list containers with `shiplog ps -a`, removed ones with `shiplog inspect NAME`';
  if (error.status === 404 && about.includes('network')) return 'list networks with `shiplog network ls`';
  if (error.status === 404 && about.includes('volume')) return 'list volumes with `shiplog volume ls`';
  if (error.status === 409 && about.includes('name')) return 'choose another name, or remove or rename what holds this one';
  if (error.status === 500) return 'see what the engine did with `shiplog events --since 5m --until now`';
  return undefined;
}

/** What the catalogue of errors says to do about one; undefined for a code that is not of it. */
export function catalogueHint(code: string | undefined): string | undefined {
  return code !== undefined && isCode(code) ? ERRORS[code].help : undefined;
}

function isCode(code: string): code is keyof typeof ERRORS {
  return Object.hasOwn(ERRORS, code);
}
