import { print } from '../context.ts';
import { eachOf } from '../each-of.ts';
import { defineVerb } from '../verb.ts';

export default defineVerb({
  usage: 'PLUGIN [PLUGIN...]',
  args: [1, Infinity],
  options: {},
  details: 'Loads its code and asks its drivers whether they can run here; if not, it stays disabled, and the error says why.',
  examples: [{ command: 'shiplog plugin enable my-plugin', what: 'let its drivers be used again' }],
  async run(context, _, args) {
    const { native } = await context.client();
    return eachOf(context, 'plugin enable', args, async (name) => {
      await native.enablePlugin(name);
      print(context, name);
    });
  },
});
