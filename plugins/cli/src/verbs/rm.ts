import { print } from '../context.ts';
import { eachOf } from '../each-of.ts';
import { defineVerb } from '../verb.ts';

export default defineVerb({
  usage: '[OPTIONS] CONTAINER [CONTAINER...]',
  args: [1, Infinity],
  complete: 'container',
  options: {
    force: { type: 'switch', short: 'f', help: 'Kill it first if it runs' },
    volumes: { type: 'switch', short: 'v', help: 'Remove its anonymous volumes too' },
  },
  details: 'What the log knows of it stays: `shiplog inspect` and `shiplog events` still answer.',
  examples: [{ command: 'shiplog rm -f web', what: 'kill and remove it' }],
  async run(context, flags, args) {
    const { docker } = await context.client();
    return eachOf(context, 'rm', args, async (name) => {
      await docker.removeContainer(name, { force: flags.force, v: flags.volumes });
      print(context, name);
    });
  },
});
