import { print } from '../context.ts';
import { eachOf } from '../each-of.ts';
import { removedImageLine } from '../format/removed-image.ts';
import { defineVerb } from '../verb.ts';

export default defineVerb({
  usage: '[OPTIONS] IMAGE [IMAGE...]',
  args: [1, Infinity],
  complete: 'image',
  options: {
    force: { type: 'switch', short: 'f', help: 'Remove names that containers use too' },
    'no-prune': { type: 'switch', help: 'Keep untagged parents' },
  },
  examples: [{ command: 'shiplog rmi tools:1', what: 'remove a name, and the image with its last name' }],
  async run(context, flags, args) {
    const { docker } = await context.client();
    return eachOf(context, 'rmi', args, async (name) => {
      for (const removed of await docker.removeImage(name, { force: flags.force, noprune: flags['no-prune'] }))
        print(context, removedImageLine(removed));
    });
  },
});
