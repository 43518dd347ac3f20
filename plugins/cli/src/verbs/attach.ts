import { CliError } from '../cli-error.ts';
import { EXIT } from '../exit-codes.ts';
import { PROCESS_EXITS } from '../process-exits.ts';
import { proxySignals } from '../terminal/proxy-signals.ts';
import { checkTerminal, runSession } from '../terminal/session.ts';
import { defineVerb } from '../verb.ts';

export default defineVerb({
  usage: '[OPTIONS] CONTAINER',
  args: [1, 1],
  complete: 'running',
  runsProcess: true,
  options: {
    'no-stdin': { type: 'switch', help: 'Do not connect stdin' },
    'detach-keys': { type: 'text', value: 'KEYS', help: 'Keys that leave a terminal: ctrl-p,ctrl-q' },
    'sig-proxy': { type: 'switch', on: true, help: 'Pass signals on to the process' },
  },
  examples: [{ command: 'shiplog attach web', what: 'see what it prints from now on; ctrl-p ctrl-q leaves a terminal' }],
  exits: PROCESS_EXITS,
  async run(context, flags, [name = '']) {
    const { docker } = await context.client();
    const details = await docker.inspectContainer(name);
    const { Config: config, State: state, Id: id } = details;
    if (!state.Running) throw new CliError(`${name} does not run`, { hint: `start it: shiplog start -a ${name}`, exitCode: EXIT.engine });
    if (state.Paused) throw new CliError(`${name} is paused`, { hint: `unpause it first: shiplog unpause ${name}`, exitCode: EXIT.engine });
    const stdin = !flags['no-stdin'] && config.OpenStdin;
    checkTerminal(context, config.Tty, stdin);
    const { exit } = await docker.wait(id, 'not-running');
    const hijacked = await docker.attach(id, { stream: true, stdin, stdout: true, stderr: true, detachKeys: flags['detach-keys'] });
    const stopProxy = flags['sig-proxy'] ? proxySignals(context.signals, (signal) => docker.killContainer(id, signal)) : () => undefined;
    try {
      const resize = (rows: number, columns: number): Promise<void> => docker.resizeContainer(id, rows, columns);
      const end = await runSession(context, hijacked, { tty: config.Tty, stdin, detachKeys: flags['detach-keys'], resize });
      return end === 'detached' ? EXIT.ok : (await exit).StatusCode;
    } finally {
      stopProxy();
    }
  },
});
