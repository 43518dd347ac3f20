import { EXIT } from '../exit-codes.ts';
import { printList } from '../format/print-list.ts';
import { defineVerb } from '../verb.ts';

/** By Docker's numbers: changed, added, deleted. */
const LETTERS = ['C', 'A', 'D'];

export default defineVerb({
  usage: '[OPTIONS] CONTAINER',
  args: [1, 1],
  complete: 'container',
  options: { format: { type: 'text', value: 'FORMAT', help: 'json, or a template of Kind and Path' } },
  details: 'Paths whose kind, mode, owner, length or time differ from the image: C is changed, A added, D deleted.',
  examples: [
    { command: 'shiplog changes web', what: 'what it wrote, as `docker diff` tells it' },
    { command: 'shiplog changes web --format json', what: 'the same for programs' },
  ],
  async run(context, flags, [name = '']) {
    const { docker } = await context.client();
    const rows = (await docker.changes(name)).map(({ Path, Kind }) => ({ Kind: LETTERS[Kind] ?? String(Kind), Path }));
    printList(context, rows, [], { format: flags.format ?? '{{.Kind}} {{.Path}}' });
    return EXIT.ok;
  },
});
