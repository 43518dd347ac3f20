import { DATED_PRUNE_OPTIONS, prune } from '../prune/prune.ts';
import { CONTAINERS } from '../prune/prunings.ts';
import { defineVerb } from '../verb.ts';

export default defineVerb({
  usage: '[OPTIONS]',
  args: [0, 0],
  options: DATED_PRUNE_OPTIONS,
  details: 'What the log knows of them stays: `shiplog inspect` and `shiplog events` still answer. Their volumes stay.',
  examples: [
    { command: 'shiplog container prune', what: 'all that do not run, after a question' },
    {
      command: "shiplog container prune --force --filter until=24h --filter 'label!=keep'",
      what: 'those made before yesterday, but for some',
    },
  ],
  run: (context, flags) => prune(context, 'container prune', flags, [CONTAINERS]),
});
