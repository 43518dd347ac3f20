import { UsageError } from '../cli-error.ts';
import { print } from '../context.ts';
import { EXIT } from '../exit-codes.ts';
import { defineVerb } from '../verb.ts';

export default defineVerb({
  usage: '--before MOMENT',
  args: [0, 0],
  options: {
    before: { type: 'text', value: 'MOMENT', help: 'A position, a time, or a duration ago (30d)' },
    format: { type: 'text', value: 'json', help: 'Print the answer as JSON', complete: ['json'] },
  },
  details:
    'Moves older events out of the database into compressed files, which are read back before anything is removed. Everything that reads the log\ngoes on as before: events, audit, --at, proofs, log verify. A few events before the moment may stay.',
  examples: [{ command: "shiplog log seal --before '30 days ago'", what: 'keep a month in the database' }],
  async run(context, { before, format }) {
    if (before === undefined) throw new UsageError('log seal needs --before');
    if (format !== undefined && format !== 'json') throw new UsageError(`--format takes json, not "${format}"`);
    const { native } = await context.client();
    const { archives } = await native.seal(before);
    if (format === 'json') print(context, JSON.stringify({ archives }));
    else if (archives.length === 0) print(context, 'nothing to seal');
    else for (const { first, last } of archives) print(context, `sealed events ${first} to ${last}`);
    return EXIT.ok;
  },
});
