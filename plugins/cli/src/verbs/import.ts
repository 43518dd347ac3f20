import { UsageError } from '../cli-error.ts';
import { print } from '../context.ts';
import { EXIT } from '../exit-codes.ts';
import { openArchive } from '../open-archive.ts';
import { splitReference } from '../split-reference.ts';
import { defineVerb } from '../verb.ts';

export default defineVerb({
  usage: '[OPTIONS] FILE|- [REPOSITORY[:TAG]]',
  args: [1, 2],
  complete: 'file',
  options: {
    change: { type: 'list', short: 'c', value: 'INSTRUCTION', help: 'Dockerfile instruction, such as "CMD sh"' },
    message: { type: 'text', short: 'm', value: 'TEXT', help: 'What its history says' },
    quiet: { type: 'switch', short: 'q', help: 'Show no progress' },
  },
  examples: [{ command: 'tar -C rootfs -c . | shiplog import - base:1', what: 'an image of one layer from a directory' }],
  async run(context, flags, [file = '', reference]) {
    if (/^https?:/.test(file)) throw new UsageError('import reads no URLs', 'download the archive first, or pipe it in');
    const { docker } = await context.client();
    const { body, bar } = await openArchive(context, file, { label: 'Importing', quiet: flags.quiet });
    const target = reference === undefined ? undefined : splitReference(reference);
    try {
      const lines = await docker.importImage(body, {
        ...(target === undefined ? {} : { repo: target.repository }),
        ...(target?.tag === undefined ? {} : { tag: target.tag }),
        ...(flags.message === undefined ? {} : { message: flags.message }),
        changes: flags.change,
      });
      for await (const line of lines) {
        bar.clear();
        if (line.status !== undefined) print(context, line.status);
      }
    } finally {
      bar.clear();
    }
    return EXIT.ok;
  },
});
