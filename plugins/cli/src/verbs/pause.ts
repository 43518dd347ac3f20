import { print } from '../context.ts';
import { eachOf } from '../each-of.ts';
import { defineVerb } from '../verb.ts';

export default defineVerb({
  usage: 'CONTAINER [CONTAINER...]',
  args: [1, Infinity],
  complete: 'running',
  options: {},
  examples: [{ command: 'shiplog pause web', what: 'freeze it where it is' }],
  async run(context, _flags, args) {
    const { docker } = await context.client();
    return eachOf(context, 'pause', args, async (name) => {
      await docker.pauseContainer(name);
      print(context, name);
    });
  },
});
