import { UsageError } from '../cli-error.ts';
import { parseFilters } from '../filters.ts';
import { DATED_PRUNE_OPTIONS, prune } from '../prune/prune.ts';
import { CONTAINERS, imagePruning, NETWORKS, volumePruning } from '../prune/prunings.ts';
import { defineVerb } from '../verb.ts';

export default defineVerb({
  usage: '[OPTIONS]',
  args: [0, 0],
  options: {
    all: { type: 'switch', short: 'a', help: 'Images with names, too' },
    volumes: { type: 'switch', help: 'Volumes without a name of their own, too' },
    ...DATED_PRUNE_OPTIONS,
  },
  details:
    'Containers that do not run, then networks, volumes if that is said, and images. What builds keep as cache is images, and goes with them. The log stays:\n`shiplog log prune` is for that.',
  examples: [
    { command: 'shiplog system prune', what: 'all that is not used, after a question' },
    { command: 'shiplog system prune --all --volumes --force', what: 'an engine as new, but for what runs and for volumes with names' },
  ],
  async run(context, { all, volumes, ...flags }) {
    const keys = Object.keys(parseFilters(flags.filter));
    // Of those who know it, one would go on where others refuse.
    const unknown = keys.find((key) => !['until', 'label', 'label!'].includes(key));
    if (unknown !== undefined) throw new UsageError(`not everything has the filter "${unknown}"`, 'give until, label or label!');
    if (volumes && keys.includes('until'))
      throw new UsageError('volumes have no filter "until"', 'leave --volumes out, and prune them by `shiplog volume prune`');
    return prune(context, 'system prune', flags, [CONTAINERS, NETWORKS, ...(volumes ? [volumePruning(false)] : []), imagePruning(all)]);
  },
});
