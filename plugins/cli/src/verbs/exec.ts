import type { ExecRequest } from '@shiplog/client';
import { environment } from '../create/key-values.ts';
import { EXIT } from '../exit-codes.ts';
import { PROCESS_EXITS } from '../process-exits.ts';
import { startFailure } from '../terminal/run-attached.ts';
import { checkTerminal, consoleSize, runSession } from '../terminal/session.ts';
import { defineVerb } from '../verb.ts';

export default defineVerb({
  usage: '[OPTIONS] CONTAINER COMMAND [ARGUMENT...]',
  args: [2, Infinity],
  complete: 'running',
  passThrough: true,
  runsProcess: true,
  options: {
    detach: { type: 'switch', short: 'd', help: 'Leave it running' },
    interactive: { type: 'switch', short: 'i', help: 'Connect stdin' },
    tty: { type: 'switch', short: 't', help: 'Give it a terminal' },
    env: { type: 'list', short: 'e', value: 'NAME[=VALUE]', help: 'Environment variable' },
    'env-file': { type: 'list', value: 'FILE', help: 'Read environment variables from a file', complete: 'file' },
    user: { type: 'text', short: 'u', value: 'USER[:GROUP]', help: 'User, by name or number' },
    workdir: { type: 'text', short: 'w', value: 'DIR', help: 'Working directory' },
    privileged: { type: 'switch', help: 'Give it all capabilities' },
    'detach-keys': { type: 'text', value: 'KEYS', help: 'Keys that leave a terminal: ctrl-p,ctrl-q' },
  },
  examples: [
    { command: 'shiplog exec -it web sh', what: 'a shell in a running container' },
    { command: 'shiplog exec web cat /etc/hosts', what: 'one command' },
  ],
  exits: PROCESS_EXITS,
  async run(context, flags, [container = '', ...command]) {
    const stdin = flags.interactive && !flags.detach;
    checkTerminal(context, flags.tty, stdin);
    const { docker } = await context.client();
    const env = await environment(flags['env-file'], flags.env, context.env);
    const size = flags.tty && !flags.detach ? consoleSize(context) : undefined;
    const request: ExecRequest = {
      Cmd: command,
      AttachStdin: stdin,
      AttachStdout: !flags.detach,
      AttachStderr: !flags.detach,
      Tty: flags.tty,
      ...(flags.privileged ? { Privileged: true } : {}),
      ...(flags.user === undefined ? {} : { User: flags.user }),
      ...(flags.workdir === undefined ? {} : { WorkingDir: flags.workdir }),
      ...(env.length === 0 ? {} : { Env: env }),
      ...(flags['detach-keys'] === undefined ? {} : { DetachKeys: flags['detach-keys'] }),
      ...(size === undefined ? {} : { ConsoleSize: size }),
    };
    const { Id: id } = await docker.createExec(container, request);
    try {
      if (flags.detach) {
        await docker.startExecDetached(id, flags.tty);
        return EXIT.ok;
      }
      const hijacked = await docker.startExec(id, { Tty: flags.tty, ...(size === undefined ? {} : { ConsoleSize: size }) });
      const resize = (rows: number, columns: number): Promise<void> => docker.resizeExec(id, rows, columns);
      const end = await runSession(context, hijacked, { tty: flags.tty, stdin, detachKeys: flags['detach-keys'], resize });
      if (end === 'detached') return EXIT.ok;
    } catch (error) {
      throw startFailure(error);
    }
    return (await docker.inspectExec(id)).ExitCode ?? EXIT.ok;
  },
});
