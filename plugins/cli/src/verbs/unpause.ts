import { print } from '../context.ts';
import { eachOf } from '../each-of.ts';
import { defineVerb } from '../verb.ts';

export default defineVerb({
  usage: 'CONTAINER [CONTAINER...]',
  args: [1, Infinity],
  complete: 'running',
  options: {},
  examples: [{ command: 'shiplog unpause web', what: 'let it go on' }],
  async run(context, _flags, args) {
    const { docker } = await context.client();
    return eachOf(context, 'unpause', args, async (name) => {
      await docker.unpauseContainer(name);
      print(context, name);
    });
  },
});
