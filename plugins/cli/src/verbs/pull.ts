import { print } from '../context.ts';
import { EXIT } from '../exit-codes.ts';
import { pullImage } from '../pull-image.ts';
import { defineVerb } from '../verb.ts';

export default defineVerb({
  usage: '[OPTIONS] IMAGE[:TAG|@DIGEST]',
  args: [1, 1],
  options: {
    source: { type: 'text', value: 'NAME', help: 'Image source to ask; without, the first that knows the image' },
    'storage-driver': {
      type: 'text',
      value: 'NAME',
      help: "Who is to hold the layers, if not the engine's own",
      complete: ['overlay', 'btrfs', 'vfs'],
    },
    platform: { type: 'text', value: 'OS/ARCH[/VARIANT]', help: 'Platform, if not what this host runs' },
    'all-tags': { type: 'switch', short: 'a', help: 'Every tag of the name' },
    quiet: { type: 'switch', short: 'q', help: 'Print the reference alone, and no progress' },
  },
  details:
    'Brings an image from an image source of the engine: a registry, or a directory of OCI image layouts. `shiplog info` lists the sources.',
  examples: [
    { command: 'shiplog pull busybox:1.36', what: 'from the first source that knows it' },
    { command: 'shiplog pull --source directory busybox', what: 'from this one' },
    { command: 'shiplog pull -a localhost:5000/app', what: 'every tag that the registry has of it' },
  ],
  async run(context, flags, [reference = '']) {
    const { source, 'storage-driver': storageDriver, platform } = flags;
    await pullImage(context, await context.client(), reference, {
      source,
      storageDriver,
      platform,
      quiet: flags.quiet,
      allTags: flags['all-tags'],
    });
    if (flags.quiet) print(context, reference);
    return EXIT.ok;
  },
});
