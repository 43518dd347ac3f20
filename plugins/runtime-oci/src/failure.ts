import { ShiplogError } from '@shiplog/contracts';

/**
 * Turns what a runtime said into an error that Docker's clients understand: they read 127 and 126 out of the words
 * `executable file not found` or `no such file or directory`, and `permission denied`.
 */
export function failure(said: string, verb: 'create' | 'start' | 'exec'): ShiplogError {
  const text = clean(said);
  const prefix = verb === 'exec' ? 'OCI runtime exec failed: ' : 'failed to create task for container: failed to create shim task: OCI runtime create failed: ';
  const facts = { verb, said: text };
  const lower = text.toLowerCase();
  if (/executable file .*not found|no such file or directory/.test(lower)) {
    // A mount or directory that is missing is not a missing command.
    const command = /executable file [`"']?([^`"']+)[`"']? not found|exec: ["'`]([^"'`]+)|open executable|exec(?:ve)?:? /.exec(text);
    if (command !== null) {
      const name = command[1] ?? command[2];
      const what = name === undefined ? text : `exec: "${name}": ${name.includes('/') ? 'stat ' + name + ': no such file or directory' : 'executable file not found in $PATH'}`;
      return new ShiplogError('COMMAND_NOT_FOUND', `${prefix}${what}: unknown`, facts);
    }
  }
  if (/permission denied|is a directory|exec format error/.test(lower) && /exec|open executable/.test(lower)) {
    return new ShiplogError('COMMAND_NOT_EXECUTABLE', `${prefix}${text.replace(/Permission denied/g, 'permission denied').replace(/Is a directory/g, 'is a directory')}: unknown`, facts);
  }
  return new ShiplogError('RUNTIME_FAILED', `${prefix}${text}: unknown`, facts);
}

/** One line, without the runtime's own name and time stamps. runc answers JSON lines. */
function clean(said: string): string {
  const last = said.trim().split('\n').filter((line) => line !== '').at(-1) ?? 'no reason given';
  try {
    const { msg } = JSON.parse(last) as { msg?: string };
    if (typeof msg === 'string') return msg;
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
  }
  return last.replace(/^\S+Z?\s*:?\s*\[?(?:error|crun)\]?:?\s*/i, '').replace(/^(?:crun|runc):\s*/, '');
}
