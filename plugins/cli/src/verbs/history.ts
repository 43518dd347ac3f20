import { AT } from '../at.ts';
import { EXIT } from '../exit-codes.ts';
import { formatBytes } from '../format/bytes.ts';
import { humanAgo, localTime } from '../format/human-time.ts';
import { printList } from '../format/print-list.ts';
import { defineVerb } from '../verb.ts';

export default defineVerb({
  usage: '[OPTIONS] IMAGE',
  args: [1, 1],
  complete: 'image',
  options: {
    at: AT,
    format: { type: 'text', value: 'FORMAT', help: 'json, or a template such as {{.CreatedBy}}' },
    human: { type: 'switch', short: 'H', on: true, help: 'Sizes and times for people' },
    'no-trunc': { type: 'switch', help: 'Show commands whole' },
    quiet: { type: 'switch', short: 'q', help: 'Ids only' },
  },
  examples: [{ command: 'shiplog history --no-trunc nginx', what: 'every step of the build' }],
  async run(context, flags, [image = '']) {
    const { docker } = await context.client();
    const rows = (await docker.imageHistory(image, flags.at)).map((entry) => {
      const command = entry.CreatedBy.replaceAll('\t', ' ');
      const since = humanAgo(entry.Created * 1000, context.now());
      return {
        ID: flags['no-trunc'] || entry.Id.startsWith('<') ? entry.Id : entry.Id.replace(/^sha256:/, '').slice(0, 12),
        CreatedSince: flags.human ? since : new Date(entry.Created * 1000).toISOString(),
        CreatedAt: localTime(entry.Created * 1000),
        CreatedBy: flags['no-trunc'] || command.length <= 45 ? command : `${command.slice(0, 44)}…`,
        Size: flags.human ? formatBytes(entry.Size) : String(entry.Size),
        Comment: entry.Comment,
      };
    });
    const columns = [
      ['IMAGE', 'ID'],
      ['CREATED', 'CreatedSince'],
      ['CREATED BY', 'CreatedBy'],
      ['SIZE', 'Size'],
      ['COMMENT', 'Comment'],
    ] as const;
    printList(context, rows, columns, { format: flags.format, quiet: flags.quiet ? 'ID' : undefined });
    return EXIT.ok;
  },
});
