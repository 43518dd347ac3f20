import { print } from '../context.ts';
import { parseInteger } from '../create/size.ts';
import { eachOf } from '../each-of.ts';
import { defineVerb } from '../verb.ts';

export default defineVerb({
  usage: '[OPTIONS] CONTAINER [CONTAINER...]',
  args: [1, Infinity],
  complete: 'container',
  options: {
    time: { type: 'text', short: 't', value: 'SECONDS', help: 'Time it has before it is killed; -1 for ever' },
    timeout: { type: 'text', value: 'SECONDS', help: 'The same as --time' },
    signal: { type: 'text', short: 's', value: 'SIGNAL', help: 'Signal that asks it to stop' },
  },
  examples: [{ command: 'shiplog restart -t 30 web', what: 'give it 30 seconds to stop, then start it again' }],
  async run(context, flags, args) {
    const { docker } = await context.client();
    const seconds = flags.time ?? flags.timeout;
    const query = {
      ...(seconds === undefined ? {} : { t: parseInteger('--time', seconds) }),
      ...(flags.signal === undefined ? {} : { signal: flags.signal }),
    };
    return eachOf(context, 'restart', args, async (name) => {
      await docker.restartContainer(name, query);
      print(context, name);
    });
  },
});
