import { print } from '../context.ts';
import { eachOf } from '../each-of.ts';
import { defineVerb } from '../verb.ts';

export default defineVerb({
  usage: '[OPTIONS] CONTAINER [CONTAINER...]',
  args: [1, Infinity],
  complete: 'running',
  options: {
    signal: {
      type: 'text',
      short: 's',
      value: 'SIGNAL',
      help: 'Signal by name or number (KILL)',
      complete: ['HUP', 'INT', 'QUIT', 'KILL', 'TERM', 'USR1', 'USR2'],
    },
  },
  examples: [{ command: 'shiplog kill -s HUP web', what: 'make it read its configuration again' }],
  async run(context, flags, args) {
    const { docker } = await context.client();
    return eachOf(context, 'kill', args, async (name) => {
      await docker.killContainer(name, flags.signal ?? 'KILL');
      print(context, name);
    });
  },
});
