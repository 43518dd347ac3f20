import { UsageError } from '../cli-error.ts';
import { note, print } from '../context.ts';
import { EXIT } from '../exit-codes.ts';
import { ProgressBar } from '../format/progress-bar.ts';
import { defineVerb } from '../verb.ts';

export default defineVerb({
  usage: '[OPTIONS]',
  args: [0, 0],
  options: {
    format: { type: 'text', value: 'json', help: 'Print the verification as JSON', complete: ['json'] },
    quiet: { type: 'switch', short: 'q', help: 'Show no progress' },
  },
  details:
    'Reads every event and checks that positions have no gap, that checksums and hash links fit, and that every stream is whole. Two logs\nwith the same head are equal.',
  examples: [{ command: 'shiplog log verify', what: 'is the history whole?' }],
  exits: { '1': 'the log is damaged, or could not be checked' },
  async run(context, flags) {
    if (flags.format !== undefined && flags.format !== 'json') throw new UsageError(`--format takes json, not "${flags.format}"`);
    const { native } = await context.client();
    const bar = new ProgressBar(context.stderr, 'Verifying', { unit: 'count', quiet: flags.quiet });
    let verification;
    try {
      verification = await native.verify(({ checked, total }) => {
        bar.update(checked, total);
      });
    } finally {
      bar.clear();
    }
    const { events, head, damage } = verification;
    if (flags.format === 'json') print(context, JSON.stringify(verification));
    else {
      print(context, `${events} events checked`);
      print(context, `head ${head}`);
      if (damage.length === 0) print(context, context.colors.green('no damage'));
      for (const { from, to, reason } of damage) print(context, context.colors.red(`damaged: events ${from} to ${to}: ${reason}`));
    }
    if (damage.length === 0) return EXIT.ok;
    note(context, 'Restore the ranges named from a copy of the log before you rely on it.');
    return EXIT.failed;
  },
});
