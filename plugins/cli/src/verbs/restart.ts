import { print } from '../context.ts';
import { eachOf } from '../each-of.ts';
import { STOP_OPTIONS, stopQuery } from '../stop-options.ts';
import { defineVerb } from '../verb.ts';

export default defineVerb({
  usage: '[OPTIONS] CONTAINER [CONTAINER...]',
  args: [1, Infinity],
  complete: 'container',
  options: STOP_OPTIONS,
  examples: [{ command: 'shiplog restart -t 30 web', what: 'give it 30 seconds to stop, then start it again' }],
  async run(context, flags, args) {
    const { docker } = await context.client();
    const query = stopQuery(flags);
    return eachOf(context, 'restart', args, async (name) => {
      await docker.restartContainer(name, query);
      print(context, name);
    });
  },
});
