import { print } from '../context.ts';
import { eachOf } from '../each-of.ts';
import { defineVerb } from '../verb.ts';

export default defineVerb({
  usage: 'PLUGIN [PLUGIN...]',
  args: [1, Infinity],
  options: {},
  details:
    'Refused while a container, image, network or volume uses one of its drivers, or the engine itself does. Stays so over restarts.',
  examples: [{ command: 'shiplog plugin disable my-plugin', what: 'let its drivers be used no more' }],
  async run(context, _, args) {
    const { native } = await context.client();
    return eachOf(context, 'plugin disable', args, async (name) => {
      await native.disablePlugin(name);
      print(context, name);
    });
  },
});
