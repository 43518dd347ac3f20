import { UsageError } from '../cli-error.ts';
import { countedArchive } from '../counted-archive.ts';
import { EXIT } from '../exit-codes.ts';
import { ProgressBar } from '../format/progress-bar.ts';
import { printAll } from '../print-all.ts';
import { defineVerb } from '../verb.ts';
import { writeWholeFile } from '../write-whole-file.ts';

export default defineVerb({
  usage: '[OPTIONS] CONTAINER',
  args: [1, 1],
  complete: 'container',
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
  details: "Writes a container's root file system as a tar, running or not. What is mounted in it, such as volumes, is left out.",
  examples: [
    { command: 'shiplog export -o web.tar web', what: 'all files of a container' },
    { command: 'shiplog export web | shiplog import - web:flat', what: 'an image of one layer' },
  ],
  async run(context, flags, [name = '']) {
    const { output = '-', quiet } = flags;
    if (output === '-' && context.stdout.isTTY === true)
      throw new UsageError('an archive is not for a terminal', 'give -o FILE, or send it through a pipe');
    const { docker } = await context.client();
    const bar = new ProgressBar(context.stderr, 'Exporting', { unit: 'bytes', quiet });
    try {
      const chunks = countedArchive(
        await docker.exportContainer(name),
        bar,
        "the container was removed, or a file of it shrank meanwhile; the engine's own log says why",
      );
      if (output === '-') await printAll(context, chunks);
      else await writeWholeFile(output, chunks);
    } finally {
      bar.clear();
    }
    return EXIT.ok;
  },
});
