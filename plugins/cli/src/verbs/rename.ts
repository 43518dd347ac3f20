import { EXIT } from '../exit-codes.ts';
import { defineVerb } from '../verb.ts';

export default defineVerb({
  usage: 'CONTAINER NAME',
  args: [2, 2],
  complete: 'container',
  options: {},
  examples: [{ command: 'shiplog rename web web-old', what: 'free the name for a successor' }],
  async run(context, _flags, [container = '', name = '']) {
    await (await context.client()).docker.renameContainer(container, name);
    return EXIT.ok;
  },
});
