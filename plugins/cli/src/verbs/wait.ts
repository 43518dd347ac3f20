import { print } from '../context.ts';
import { eachOf } from '../each-of.ts';
import { defineVerb } from '../verb.ts';

export default defineVerb({
  usage: 'CONTAINER [CONTAINER...]',
  args: [1, Infinity],
  complete: 'container',
  options: {},
  examples: [{ command: 'shiplog wait job', what: 'wait for its end and print its exit code' }],
  async run(context, _flags, args) {
    const { docker } = await context.client();
    return eachOf(context, 'wait', args, async (name) => {
      const { exit } = await docker.wait(name);
      print(context, String((await exit).StatusCode));
    });
  },
});
