import { join } from 'node:path';
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
    full: { type: 'switch', help: 'From the first event, also what was found whole before' },
    root: { type: 'text', value: 'DIR', help: 'Check the log of a stopped engine, whose --root was DIR; all of it', complete: 'file' },
    quiet: { type: 'switch', short: 'q', help: 'Show no progress' },
  },
  details:
    'Reads every event and checks that positions have no gap, that checksums and hash links fit, and that every stream is whole. Two logs\nwith the same head are equal.',
  examples: [
    { command: 'shiplog log verify --full', what: 'is the whole history as it was written?' },
    { command: 'shiplog log verify', what: 'is what came since the last time?' },
    { command: 'shiplog log verify --root /var/lib/shiplog', what: 'why does the engine not start?' },
  ],
  exits: { '1': 'the log is damaged, or could not be checked' },
  async run(context, flags) {
    if (flags.format !== undefined && flags.format !== 'json') throw new UsageError(`--format takes json, not "${flags.format}"`);
    const bar = new ProgressBar(context.stderr, 'Verifying', { unit: 'count', quiet: flags.quiet });
    let verification;
    try {
      if (flags.root === undefined) {
        const { native } = await context.client();
        verification = await native.verify(({ checked, total }) => bar.update(checked, total), !flags.full);
      } else {
        // Only this needs the log itself.
        const { verifyLevelLog } = await import('@shiplog/event-log');
        verification = await verifyLevelLog(join(flags.root, 'log'), (checked, total) => bar.update(checked, total));
      }
    } finally {
      bar.clear();
    }
    const { from, events, head, damage } = verification;
    if (flags.format === 'json') print(context, JSON.stringify(verification));
    else {
      print(
        context,
        `${events} events checked${from === 0 ? '' : `; the ${from} before were ${flags.full || flags.root !== undefined ? 'pruned' : 'found whole earlier'}`}`,
      );
      print(context, `head ${head}`);
      if (damage.length === 0) print(context, context.colors.green('no damage'));
      for (const { from, to, reason } of damage) print(context, context.colors.red(`damaged: events ${from} to ${to}: ${reason}`));
    }
    if (damage.length === 0) return EXIT.ok;
    note(context, 'Stop the engine and mend it from an export or a copy: shiplog log repair --root DIR --from FILE|DIR');
    return EXIT.failed;
  },
});
