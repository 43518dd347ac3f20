import { parseMoment } from '@shiplog/contracts/moment';
import { UsageError } from '../cli-error.ts';
import { print } from '../context.ts';
import { EXIT } from '../exit-codes.ts';
import { ProgressBar } from '../format/progress-bar.ts';
import { openSource, SOURCE_HELP } from '../replay/open-source.ts';
import { defineVerb } from '../verb.ts';

export default defineVerb({
  usage: '[OPTIONS] [SOURCE]',
  args: [0, 1],
  complete: 'file',
  options: {
    at: { type: 'text', value: 'MOMENT', help: 'A position, a time, or a duration ago (10m); the end if absent' },
    state: { type: 'switch', help: 'Print the whole state as JSON, in the bytes that are hashed' },
    format: { type: 'text', value: 'json', help: 'Print where the log begins, position and hash as JSON', complete: ['json'] },
    quiet: { type: 'switch', short: 'q', help: 'Show no progress' },
  },
  details: `Folds a log here, without an engine, to the state it leads to, and hashes it. The same events lead to the same hash everywhere.\n${SOURCE_HELP}`,
  examples: [
    { command: 'shiplog replay fold /copies/log', what: 'where does this copy lead?' },
    { command: 'shiplog replay fold --at 1200 --state export.jsonl.zst', what: 'all that there was after event 1200' },
  ],
  async run(context, flags, [path]) {
    if (flags.format !== undefined && flags.format !== 'json') throw new UsageError(`--format takes json, not "${flags.format}"`);
    const at = flags.at === undefined ? undefined : parseMoment(flags.at, BigInt(context.now()) * 1_000_000n);
    const [{ fold, stateText }, source] = await Promise.all([import('@shiplog/replay'), openSource(context, path)]);
    const bar = new ProgressBar(context.stderr, 'Folding', { unit: 'count', quiet: flags.quiet });
    const folded = await fold(source, at, (events) => bar.update(events)).finally(() => bar.clear());
    const { first, seq, hash, state } = folded;
    if (flags.state) print(context, stateText(state));
    else print(context, flags.format === 'json' ? JSON.stringify({ first, seq, hash }) : `${hash} at ${seq}`);
    return EXIT.ok;
  },
});
