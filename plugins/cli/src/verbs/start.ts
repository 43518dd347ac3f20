import { UsageError } from '../cli-error.ts';
import { print } from '../context.ts';
import { eachOf } from '../each-of.ts';
import { PROCESS_EXITS } from '../process-exits.ts';
import { runAttached } from '../terminal/run-attached.ts';
import { checkTerminal } from '../terminal/session.ts';
import { defineVerb } from '../verb.ts';

export default defineVerb({
  usage: '[OPTIONS] CONTAINER [CONTAINER...]',
  args: [1, Infinity],
  complete: 'container',
  options: {
    attach: { type: 'switch', short: 'a', help: 'Show its output and stay until it ends' },
    interactive: { type: 'switch', short: 'i', help: 'Connect stdin too' },
    'detach-keys': { type: 'text', value: 'KEYS', help: 'Keys that leave a terminal: ctrl-p,ctrl-q' },
    'sig-proxy': { type: 'switch', on: true, help: 'Pass signals on to the process' },
  },
  examples: [{ command: 'shiplog start -a job', what: 'start a container and see what it prints' }],
  exits: { ...PROCESS_EXITS, '125': 'the command line is wrong' },
  async run(context, flags, args) {
    const { docker, ...client } = await context.client();
    if (!flags.attach && !flags.interactive) {
      return eachOf(context, 'start', args, async (name) => {
        await docker.startContainer(name);
        print(context, name);
      });
    }
    const [name = '', ...more] = args;
    if (more.length > 0) throw new UsageError('start -a takes one container');
    const details = await docker.inspectContainer(name);
    const stdin = flags.interactive && details.Config.OpenStdin;
    checkTerminal(context, details.Config.Tty, stdin);
    return runAttached(context, { docker, ...client }, details.Id, {
      tty: details.Config.Tty,
      stdin,
      stdout: true,
      stderr: true,
      detachKeys: flags['detach-keys'],
      signalProxy: flags['sig-proxy'],
      autoRemove: details.HostConfig?.AutoRemove === true,
    });
  },
});
