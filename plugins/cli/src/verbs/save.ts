import { EXIT } from '../exit-codes.ts';
import { defineVerb } from '../verb.ts';
import { ARCHIVE_OPTIONS, writeArchive } from '../write-archive.ts';

export default defineVerb({
  usage: '[OPTIONS] IMAGE...',
  args: [1, Infinity],
  complete: 'image',
  options: ARCHIVE_OPTIONS,
  details:
    'Writes an OCI layout as a tar, which is what `docker save` writes as well. NAME alone is every tag of it; who asks by id gets no tag.\nThe same images give the same bytes.',
  examples: [
    { command: 'shiplog save -o web.tar web:1', what: 'an image into a file' },
    { command: 'shiplog save web db | ssh host docker load', what: 'images to another engine' },
  ],
  async run(context, flags, images) {
    await writeArchive(
      context,
      {
        output: flags.output,
        quiet: flags.quiet,
        doing: 'Saving',
        hint: "the engine's own log says why; a damaged image is loaded or pulled again",
      },
      async () => {
        const { docker } = await context.client();
        return docker.saveImages(images);
      },
    );
    return EXIT.ok;
  },
});
