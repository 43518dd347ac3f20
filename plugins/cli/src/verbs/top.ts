import { EXIT } from '../exit-codes.ts';
import { printList } from '../format/print-list.ts';
import { defineVerb } from '../verb.ts';

export default defineVerb({
  usage: '[OPTIONS] CONTAINER [PS OPTIONS...]',
  args: [1, Infinity],
  complete: 'running',
  passThrough: true,
  options: { format: { type: 'text', value: 'FORMAT', help: 'json, or a template of the columns' } },
  examples: [{ command: 'shiplog top web -o pid,args', what: 'its processes, with columns of ps(1)' }],
  async run(context, flags, [name = '', ...psArgs]) {
    const { docker } = await context.client();
    const { Titles: titles, Processes: processes } = await docker.top(name, psArgs.length === 0 ? undefined : psArgs.join(' '));
    const rows = processes.map((process) => Object.fromEntries(titles.map((title, column) => [title, process[column] ?? ''])));
    printList(
      context,
      rows,
      titles.map((title) => [title, title]),
      { format: flags.format },
    );
    return EXIT.ok;
  },
});
