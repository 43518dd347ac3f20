import { UsageError } from '../cli-error.ts';
import { print } from '../context.ts';
import { eachOf } from '../each-of.ts';
import { defineVerb } from '../verb.ts';

export default defineVerb({
  usage: '--to DRIVER IMAGE [IMAGE...]',
  args: [1, Infinity],
  complete: 'image',
  options: {
    to: { type: 'text', value: 'DRIVER', help: 'Storage driver to take them to', complete: ['overlay', 'btrfs', 'vfs'] },
  },
  details:
    'Makes the layers anew with the other driver, from what was loaded, and then removes them where they were. No container may be\nmade from the image: what it changed lies on the layers where they are.',
  examples: [{ command: 'shiplog image migrate --to btrfs busybox', what: 'containers made from it from now on are on btrfs' }],
  async run(context, { to }, args) {
    if (to === undefined || to === '') throw new UsageError('say where to, as in --to btrfs');
    const { native } = await context.client();
    return eachOf(context, 'image migrate', args, async (image) => {
      const { from } = await native.migrateImage(image, to);
      print(context, from === to ? `${image}: was with ${to} already` : `${image}: from ${from} to ${to}`);
    });
  },
});
