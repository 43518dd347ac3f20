import { UsageError } from '../cli-error.ts';
import { print } from '../context.ts';
import { EXIT } from '../exit-codes.ts';
import { defineVerb } from '../verb.ts';

export default defineVerb({
  usage: '[OPTIONS]',
  args: [0, 0],
  options: {
    at: { type: 'text', value: 'MOMENT', help: 'A position, a time, or a duration ago (10m); now if absent' },
    format: { type: 'text', value: 'json', help: 'Print position and hash as JSON', complete: ['json'] },
  },
  details: 'Hashes the state that the log leads to. The same events always lead to the same hash.',
  examples: [{ command: 'shiplog log hash --at 100', what: 'does this copy lead to the same state?' }],
  async run(context, flags) {
    if (flags.format !== undefined && flags.format !== 'json') throw new UsageError(`--format takes json, not "${flags.format}"`);
    const { native } = await context.client();
    const { seq, hash } = await native.hash(flags.at);
    print(context, flags.format === 'json' ? JSON.stringify({ seq, hash }) : `${hash} at ${seq}`);
    return EXIT.ok;
  },
});
