import { UsageError } from '../cli-error.ts';
import { countedArchive } from '../counted-archive.ts';
import { EXIT } from '../exit-codes.ts';
import { ProgressBar } from '../format/progress-bar.ts';
import { printAll } from '../print-all.ts';
import { defineVerb } from '../verb.ts';
import { writeWholeFile } from '../write-whole-file.ts';

export default defineVerb({
  usage: '[OPTIONS] IMAGE...',
  args: [1, Infinity],
  complete: 'image',
  options: {
    output: {
      type: 'text',
      short: 'o',
      value: 'FILE',
      help: 'Write to a file, which is whole or not there; .gz and .zst are compressed; stdout without',
      complete: 'file',
    },
    quiet: { type: 'switch', short: 'q', help: 'Show no progress' },
  },
  details:
    'Writes an OCI layout as a tar, which is what `docker save` writes as well. NAME alone is every tag of it; who asks by id gets no tag.\nThe same images give the same bytes.',
  examples: [
    { command: 'shiplog save -o web.tar web:1', what: 'an image into a file' },
    { command: 'shiplog save web db | ssh host docker load', what: 'images to another engine' },
  ],
  async run(context, flags, images) {
    const { output = '-', quiet } = flags;
    if (output === '-' && context.stdout.isTTY === true)
      throw new UsageError('an archive is not for a terminal', 'give -o FILE, or send it through a pipe');
    const { docker } = await context.client();
    const bar = new ProgressBar(context.stderr, 'Saving', { unit: 'bytes', quiet });
    try {
      const chunks = countedArchive(
        await docker.saveImages(images),
        bar,
        "the engine's own log says why; a damaged image is loaded or pulled again",
      );
      if (output === '-') await printAll(context, chunks);
      else await writeWholeFile(output, chunks);
    } finally {
      bar.clear();
    }
    return EXIT.ok;
  },
});
