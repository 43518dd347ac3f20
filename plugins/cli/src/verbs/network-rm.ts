import { print } from '../context.ts';
import { eachOf } from '../each-of.ts';
import { defineVerb } from '../verb.ts';

export default defineVerb({
  usage: 'NETWORK [NETWORK...]',
  args: [1, Infinity],
  complete: 'network',
  options: {},
  examples: [{ command: 'shiplog network rm back', what: 'remove a network that no container is on' }],
  async run(context, _flags, args) {
    const { docker } = await context.client();
    return eachOf(context, 'network rm', args, async (name) => {
      await docker.removeNetwork(name);
      print(context, name);
    });
  },
});
