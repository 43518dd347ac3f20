import { join } from 'node:path';
import { UsageError } from '../cli-error.ts';
import { note, print } from '../context.ts';
import { EXIT } from '../exit-codes.ts';
import { repairSource } from '../repair-source.ts';
import { defineVerb } from '../verb.ts';

export default defineVerb({
  usage: '[OPTIONS] --from FILE|DIR',
  args: [0, 0],
  options: {
    from: {
      type: 'text',
      value: 'FILE|DIR',
      help: 'An export with callers sealed (log export --sealed), tiles (log export --tiles), or the log directory of another copy',
      complete: 'file',
    },
    root: { type: 'text', value: 'DIR', help: "The stopped engine's --root; /var/lib/shiplog if absent", complete: 'file' },
    format: { type: 'text', value: 'json', help: 'Print what was filled in as JSON', complete: ['json'] },
  },
  details:
    'Fills the holes of a damaged log whose engine is stopped. Nothing is guessed: events are taken from the source only if all events together\nlead to the root that is known; else the log stays as it is, as does one that is whole. What stands for pruned events comes from\nthe copy beside the archives, or from the source. The damaged database is kept beside the mended one.',
  examples: [
    { command: 'shiplog log repair --from events.ndjson', what: 'from an export (shiplog log export --sealed --out events.ndjson)' },
    { command: 'shiplog log repair --from /mnt/audit/web-1', what: 'from its tiles (shiplog log export --tiles DIR)' },
    { command: 'shiplog log repair --root /srv/shiplog --from /backup/shiplog/log', what: 'from another copy' },
  ],
  exits: { '1': 'the source does not have what is missing, or has other events' },
  async run(context, flags) {
    if (flags.format !== undefined && flags.format !== 'json') throw new UsageError(`--format takes json, not "${flags.format}"`);
    if (flags.from === undefined) throw new UsageError('say where the missing events are: --from FILE|DIR');
    // Only this needs the log itself.
    const { repairLevelLog } = await import('@shiplog/event-log');
    const { filled, boundary, verification, damaged } = await repairLevelLog(
      join(flags.root ?? '/var/lib/shiplog', 'log'),
      await repairSource(flags.from),
    );
    if (flags.format === 'json') {
      print(context, JSON.stringify({ filled, boundary, verification, damaged }));
      return EXIT.ok;
    }
    for (const { from, to } of filled) print(context, `filled in: events ${from} to ${to}`);
    if (boundary !== undefined) print(context, `brought back: what stands for the events before ${boundary}, which were pruned`);
    print(context, `${verification.events} events checked`);
    print(context, `head ${verification.head}`);
    print(context, context.colors.green('no damage'));
    if (damaged === undefined) note(context, 'The log is whole: nothing was changed.');
    else note(context, `The damaged database is kept as ${damaged}; remove it when you no longer need it.`);
    return EXIT.ok;
  },
});
