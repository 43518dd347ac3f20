import { print } from '../context.ts';
import { eachOf } from '../each-of.ts';
import { defineVerb } from '../verb.ts';

export default defineVerb({
  usage: '[OPTIONS] VOLUME [VOLUME...]',
  args: [1, Infinity],
  complete: 'volume',
  options: { force: { type: 'switch', short: 'f', help: 'Succeed if there is none, and take it off the list if its driver is gone' } },
  examples: [{ command: 'shiplog volume rm data', what: 'delete a volume and what is in it' }],
  async run(context, flags, args) {
    const { docker } = await context.client();
    return eachOf(context, 'volume rm', args, async (name) => {
      await docker.removeVolume(name, { force: flags.force });
      print(context, name);
    });
  },
});
