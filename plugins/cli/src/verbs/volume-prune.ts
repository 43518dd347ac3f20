import { prune, PRUNE_OPTIONS } from '../prune/prune.ts';
import { volumePruning } from '../prune/prunings.ts';
import { defineVerb } from '../verb.ts';

export default defineVerb({
  usage: '[OPTIONS]',
  args: [0, 0],
  options: { all: { type: 'switch', short: 'a', help: 'Those with names of their own, too' }, ...PRUNE_OPTIONS },
  details:
    'What is in them is gone. As in Docker, only volumes that are directories of this host go: not what options mount, and not what other drivers\nthan `local` hold.',
  examples: [
    { command: 'shiplog volume prune', what: 'what containers left behind that made volumes of their own' },
    { command: 'shiplog volume prune --all --force --filter label=ci', what: 'any of a label, without a question' },
  ],
  run: (context, { all, ...flags }) => prune(context, 'volume prune', flags, [volumePruning(all)]),
});
