import type { Difference } from '@shiplog/replay';
import { UsageError } from '../cli-error.ts';
import { type Context, print } from '../context.ts';
import { EXIT } from '../exit-codes.ts';
import { ProgressBar } from '../format/progress-bar.ts';
import { openSource, SOURCE_HELP } from '../replay/open-source.ts';
import { defineVerb } from '../verb.ts';

export default defineVerb({
  usage: '[OPTIONS] [SOURCE]',
  args: [0, 1],
  complete: 'file',
  options: {
    format: { type: 'text', value: 'json', help: 'Print a JSON object for each difference, and the counts at last', complete: ['json'] },
    quiet: { type: 'switch', short: 'q', help: 'Show no progress' },
  },
  details: `Takes every recorded command through this release's rules, against the state as it was just before, and tells where they decide\notherwise: so a log of last year tests the engine of today.\n${SOURCE_HELP}`,
  examples: [{ command: 'shiplog replay redecide export.jsonl.gz', what: 'would this release have done the same?' }],
  exits: { '1': 'something is decided otherwise, or the log could not be read' },
  async run(context, flags, [path]) {
    if (flags.format !== undefined && flags.format !== 'json') throw new UsageError(`--format takes json, not "${flags.format}"`);
    const json = flags.format === 'json';
    const [{ redecide }, source] = await Promise.all([import('@shiplog/replay'), openSource(context, path)]);
    const bar = new ProgressBar(context.stderr, 'Deciding', { unit: 'count', quiet: flags.quiet });
    const tell = (difference: Difference): void => {
      bar.clear();
      if (json) print(context, JSON.stringify(difference));
      else printDifference(context, difference);
    };
    const counts = await redecide(source, tell, (events) => bar.update(events)).finally(() => bar.clear());
    const { events, commands, refusals, reworded, skipped, differences } = counts;
    if (json) print(context, JSON.stringify(counts));
    else {
      print(
        context,
        `${events} events, ${commands} commands decided anew: ${refusals} refusals (${reworded} in other words), ${skipped} skipped`,
      );
      if (differences === 0) print(context, context.colors.green('no difference'));
      else print(context, context.colors.red(`${differences} decided otherwise`));
    }
    return differences === 0 ? EXIT.ok : EXIT.failed;
  },
});

function printDifference(context: Context, { seq, verb, stream, op, changes }: Difference): void {
  const { colors } = context;
  print(context, `${colors.cyan(`#${seq}`)} ${colors.bold(verb)} ${stream.replace(/([0-9a-f]{12})[0-9a-f]{52}$/, '$1')} ${colors.dim(op)}`);
  for (const { path, recorded, now } of changes) print(context, `  ${path}: ${valueText(recorded)} → ${valueText(now)}`);
}

function valueText(value: unknown): string {
  return value === undefined ? 'absent' : JSON.stringify(value);
}
