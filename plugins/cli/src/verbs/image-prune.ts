import { DATED_PRUNE_OPTIONS, prune } from '../prune/prune.ts';
import { imagePruning } from '../prune/prunings.ts';
import { defineVerb } from '../verb.ts';

export default defineVerb({
  usage: '[OPTIONS]',
  args: [0, 0],
  options: { all: { type: 'switch', short: 'a', help: 'Those with names, too' }, ...DATED_PRUNE_OPTIONS },
  details: 'An image that a container was made of stays, whether it runs or not.',
  examples: [
    { command: 'shiplog image prune', what: 'what lost its name to a newer one' },
    { command: 'shiplog image prune --all --force --filter until=240h', what: 'whatever nothing uses and is older than ten days' },
  ],
  run: (context, { all, ...flags }) => prune(context, 'image prune', flags, [imagePruning(all)]),
});
