import { EXIT } from '../exit-codes.ts';
import { defineVerb } from '../verb.ts';
import { ARCHIVE_OPTIONS, writeArchive } from '../write-archive.ts';

export default defineVerb({
  usage: '[OPTIONS] CONTAINER',
  args: [1, 1],
  complete: 'container',
  options: ARCHIVE_OPTIONS,
  details: "Writes a container's root file system as a tar, running or not. What is mounted in it, such as volumes, is left out.",
  examples: [
    { command: 'shiplog export -o web.tar web', what: 'all files of a container' },
    { command: 'shiplog export web | shiplog import - web:flat', what: 'an image of one layer' },
  ],
  async run(context, flags, [name = '']) {
    await writeArchive(
      context,
      {
        output: flags.output,
        quiet: flags.quiet,
        doing: 'Exporting',
        hint: "the container was removed, or a file of it shrank meanwhile; the engine's own log says why",
      },
      async () => {
        const { docker } = await context.client();
        return docker.exportContainer(name);
      },
    );
    return EXIT.ok;
  },
});
