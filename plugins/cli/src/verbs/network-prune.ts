import { DATED_PRUNE_OPTIONS, prune } from '../prune/prune.ts';
import { NETWORKS } from '../prune/prunings.ts';
import { defineVerb } from '../verb.ts';

export default defineVerb({
  usage: '[OPTIONS]',
  args: [0, 0],
  options: DATED_PRUNE_OPTIONS,
  details: 'As in Docker, a network that only stopped containers are on goes, and they cannot start until they are connected to another.',
  examples: [{ command: 'shiplog network prune --force --filter label=ci', what: 'those with a label, without a question' }],
  run: (context, flags) => prune(context, 'network prune', flags, [NETWORKS]),
});
