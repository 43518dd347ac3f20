import { print } from '../context.ts';
import { EXIT } from '../exit-codes.ts';
import { openArchive } from '../open-archive.ts';
import { defineVerb } from '../verb.ts';

export default defineVerb({
  usage: '[OPTIONS]',
  args: [0, 0],
  options: {
    input: { type: 'text', short: 'i', value: 'FILE', help: 'Archive to read; stdin without', complete: 'file' },
    'storage-driver': {
      type: 'text',
      value: 'NAME',
      help: "Who is to hold the layers, if not the engine's own",
      complete: ['overlay', 'btrfs', 'vfs'],
    },
    quiet: { type: 'switch', short: 'q', help: 'Show no progress' },
  },
  details: 'Reads what `docker save` writes, or an OCI layout as a tar; plain, gzip, zstd, bzip2 or xz.',
  examples: [
    { command: 'shiplog load -i busybox.tar', what: 'images from a file' },
    { command: 'docker save busybox | shiplog load', what: 'images from another engine' },
  ],
  async run(context, flags) {
    const { 'storage-driver': storageDriver } = flags;
    const { docker } = await context.client();
    const { body, bar } = await openArchive(context, flags.input, { label: 'Loading', quiet: flags.quiet });
    try {
      for await (const line of await docker.loadImages(body, { quiet: true, ...(storageDriver === undefined ? {} : { storageDriver }) })) {
        if (line.stream === undefined || line.stream.trim() === '') continue;
        bar.clear();
        print(context, line.stream.trimEnd());
      }
    } finally {
      bar.clear();
    }
    return EXIT.ok;
  },
});
