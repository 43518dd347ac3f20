import { UsageError } from '../cli-error.ts';
import { print } from '../context.ts';
import { EXIT } from '../exit-codes.ts';
import { defineVerb } from '../verb.ts';

export default defineVerb({
  usage: '--before MOMENT --force',
  args: [0, 0],
  options: {
    before: { type: 'text', value: 'MOMENT', help: 'A position, a time, or a duration ago (365d)' },
    force: { type: 'switch', short: 'f', help: 'Yes, for good' },
    overtake: { type: 'switch', help: 'Also what somebody who follows the log has not been given yet; they are told that it is gone' },
    format: { type: 'text', value: 'json', help: 'Print the answer as JSON', complete: ['json'] },
  },
  details:
    'Removes older events for good. The state of the engine just before them is kept, and so are the leaves of the Merkle tree: everything that is\nalive stays, and proofs of all other events hold. Audit, events and --at do not reach further back. Archives go as a whole, so some older\nevents may stay. Export or mirror them first: there is no way back.\nWho follows the log (events, a mirror) is waited for, two seconds; the prune is refused while one has not come so far, unless it may overtake them.',
  examples: [
    { command: 'shiplog log export --out old.ndjson', what: 'a copy to keep elsewhere' },
    { command: "shiplog log prune --before '365 days ago' --force", what: 'keep a year' },
    { command: 'shiplog log prune --before now --force --overtake', what: 'whoever is still reading' },
  ],
  async run(context, { before, force, overtake, format }) {
    if (before === undefined) throw new UsageError('log prune needs --before');
    if (!force) throw new UsageError('log prune removes events for good: say --force, and export them first (shiplog log export)');
    if (format !== undefined && format !== 'json') throw new UsageError(`--format takes json, not "${format}"`);
    const { native } = await context.client();
    const answer = await native.prune(before, { overtake });
    if (format === 'json') print(context, JSON.stringify(answer));
    else if (answer.pruned === 0) print(context, `nothing to prune: archives go as a whole, and the log begins at ${answer.first}`);
    else print(context, `pruned ${answer.pruned} events; the log begins at ${answer.first}`);
    return EXIT.ok;
  },
});
