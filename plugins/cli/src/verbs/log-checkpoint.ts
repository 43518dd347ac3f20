import { formatHash, openCheckpoint, parseVerifierKey, verifierOf } from '@shiplog/tlog';
import { UsageError } from '../cli-error.ts';
import { print } from '../context.ts';
import { EXIT } from '../exit-codes.ts';
import { defineVerb } from '../verb.ts';

export default defineVerb({
  usage: '[OPTIONS]',
  args: [0, 0],
  options: {
    size: { type: 'text', value: 'N', help: 'Over the first N events; over all there are if absent' },
    format: { type: 'text', value: 'json', help: 'Print origin, size, root and who signed as JSON', complete: ['json'] },
  },
  details:
    'Signs the head of the log as it is now, has the witnesses cosign it, and prints it (C2SP tlog-checkpoint). Kept on another machine, it shows\nlater whether the log still begins so: see `shiplog log prove --consistency`.',
  examples: [
    { command: 'shiplog log checkpoint', what: 'a signed statement of all that happened so far' },
    { command: 'shiplog log checkpoint | mail -s checkpoint auditor@example.org', what: 'out of reach of whoever is root here' },
  ],
  async run(context, flags) {
    if (flags.format !== undefined && flags.format !== 'json') throw new UsageError(`--format takes json, not "${flags.format}"`);
    if (flags.size !== undefined && !/^\d{1,15}$/.test(flags.size))
      throw new UsageError(`--size is a number of events, not "${flags.size}"`);
    const { tlog, native } = await context.client();
    const over = flags.size === undefined ? { covers: (await native.info()).durableSeq + 1 } : { size: Number(flags.size) };
    const [note, key] = await Promise.all([tlog.checkpoint(over), tlog.key()]);
    const { origin, size, root, note: opened } = openCheckpoint(note, [verifierOf(parseVerifierKey(key))]);
    if (flags.format === undefined) context.stdout.write(note);
    else
      print(context, JSON.stringify({ origin, size, root: formatHash(root), signedBy: opened.signatures.map(({ name }) => name), note }));
    return EXIT.ok;
  },
});
