import { type ErrorCode, ShiplogError } from '@shiplog/contracts';

const PREFIX = {
  create: 'failed to create task for container: failed to create shim task: OCI runtime create failed: ',
  start: 'failed to create task for container: failed to start task: OCI runtime start failed: ',
  exec: 'OCI runtime exec failed: exec failed: ',
};

/**
 * Turns what crun or runc said into an error that Docker's clients understand: they read exit code 127 out of the words
 * `executable file not found` or `no such file or directory`, and 126 out of `permission denied` or `is a directory`.
 * `command` is the first word of what was to run; crun does not always name it.
 */
export function failure(said: string, verb: 'create' | 'start' | 'exec', command?: string): ShiplogError {
  const text = clean(said);
  const { code, reason } = reasonOf(text, command);
  return new ShiplogError(code, `${PREFIX[verb]}${reason}: unknown`, { verb, said: text });
}

function reasonOf(text: string, command = ''): { readonly code: ErrorCode; readonly reason: string } {
  // crun: executable file `nope` not found in $PATH: No such file or directory (of paths, too)
  const missing = /^executable file [`'"](.*)[`'"] not found/.exec(text)?.[1];
  if (missing !== undefined) return notFound(missing);
  // crun: open executable: Permission denied (Operation not permitted, for a directory)
  const unopened = /^open executable(?: `.*`)?: (.*)$/.exec(text)?.[1];
  if (unopened !== undefined) return /no such file/i.test(unopened) ? notFound(command) : notExecutable(command, 'permission denied');
  // runc: ...: exec: "nope": executable file not found in $PATH, or stat /bin/nope: no such file or directory, or permission denied
  const [, tried, why] = /exec: "(.*)": (.*)$/.exec(text) ?? [];
  if (tried !== undefined && why !== undefined) return /not found|no such file/.test(why) ? notFound(tried) : notExecutable(tried, why);
  // crun: exec container process `/x`: Exec format error; runc: exec /x: exec format error
  const [, ran, ended] = /^exec (?:container process (?:\(.*?\) )?)?[`'"]?(\/[^`'":]*)[`'"]?: (.*)$/.exec(text) ?? [];
  if (ran !== undefined && ended !== undefined) return /no such file/i.test(ended) ? notFound(ran) : notExecutable(ran, ended);
  // A missing directory to start in counts as a missing command, as with Docker. A missing mount does not.
  if (/^chdir|chdir to cwd/.test(text) && /no such file/i.test(text)) return { code: 'COMMAND_NOT_FOUND', reason: lowered(text) };
  return { code: 'RUNTIME_FAILED', reason: text };
}

function notFound(command: string): { readonly code: ErrorCode; readonly reason: string } {
  const why = command.includes('/') ? `stat ${command}: no such file or directory` : 'executable file not found in $PATH';
  return { code: 'COMMAND_NOT_FOUND', reason: `unable to start container process: exec: "${command}": ${why}` };
}

function notExecutable(command: string, why: string): { readonly code: ErrorCode; readonly reason: string } {
  return { code: 'COMMAND_NOT_EXECUTABLE', reason: `unable to start container process: exec: "${command}": ${lowered(why)}` };
}

/** crun uses the C library's words for an errno, Docker's clients look for Go's: the same in small letters. */
function lowered(text: string): string {
  return text.replace(/: ([A-Z])(?=[^:]*$)|^[A-Z]/g, (letters) => letters.toLowerCase());
}

/** The last line, without level, time stamp and the runtime's own name. */
function clean(said: string): string {
  const last =
    said
      .trim()
      .split('\n')
      .findLast((line) => line !== '') ?? 'no reason given';
  return (json(last) ?? logfmt(last) ?? last.replace(/^\S+Z: /, ''))
    .replace(/^(?:crun: |\[?error\]?: )/i, '')
    .replace(/^runc \w+ failed: /, '');
}

/** runc --log-format=json, crun --log-format=json. */
function json(line: string): string | undefined {
  if (!line.startsWith('{')) return undefined;
  try {
    return (JSON.parse(line) as { readonly msg?: string }).msg;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/** runc: time="..." level=error msg="..." */
function logfmt(line: string): string | undefined {
  const quoted = /\bmsg=("(?:[^"\\]|\\.)*")/.exec(line)?.[1];
  return quoted === undefined ? undefined : (json(`{"msg":${quoted}}`) ?? quoted);
}
