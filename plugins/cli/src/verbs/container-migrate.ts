import { UsageError } from '../cli-error.ts';
import { print } from '../context.ts';
import { eachOf } from '../each-of.ts';
import { defineVerb } from '../verb.ts';

export default defineVerb({
  usage: '--to DRIVER CONTAINER [CONTAINER...]',
  args: [1, Infinity],
  complete: 'container',
  options: {
    to: { type: 'text', value: 'DRIVER', help: 'Storage driver to take them to', complete: ['overlay', 'btrfs', 'vfs'] },
  },
  details:
    "Makes the image's layers anew with the other driver, and on them what the container changed, and then removes that where it was.\nA container that runs is stopped first, by you. Its image stays where it is.",
  examples: [{ command: 'shiplog container migrate --to btrfs db', what: 'the next start finds all its files, on btrfs' }],
  async run(context, { to }, args) {
    if (to === undefined || to === '') throw new UsageError('say where to, as in --to btrfs');
    const { native } = await context.client();
    return eachOf(context, 'container migrate', args, async (container) => {
      const { from } = await native.migrateContainer(container, to);
      print(context, from === to ? `${container}: was with ${to} already` : `${container}: from ${from} to ${to}`);
    });
  },
});
