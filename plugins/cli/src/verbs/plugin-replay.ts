import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import type { ComparedCall, ReplayedOperation } from '@shiplog/reenact';
import { UsageError } from '../cli-error.ts';
import { type Context, note, print } from '../context.ts';
import { EXIT } from '../exit-codes.ts';
import { printTable } from '../format/print-list.ts';
import { interruptible } from '../replay/interruptible.ts';
import { openSource, SOURCE_HELP } from '../replay/open-source.ts';
import { defineVerb } from '../verb.ts';

export default defineVerb({
  usage: '[OPTIONS] --op ID --driver MODULE [SOURCE]',
  args: [0, 1],
  complete: 'file',
  options: {
    op: { type: 'text', value: 'ID', help: 'The recorded operation: its id, or the beginning of it' },
    driver: {
      type: 'text',
      value: 'MODULE',
      help: 'The plugin with the driver to try: a file, a directory or a package; storage, network, cgroup, runtime or volume',
      complete: 'file',
    },
    images: { type: 'text', value: 'ROOT', help: 'Root of an engine that has the images', complete: 'file' },
    trusted: { type: 'switch', help: 'Also do what reaches out of the private root: bind mounts, devices, privileged containers' },
    format: { type: 'text', value: 'json', help: 'Print all of it as one JSON object', complete: ['json'] },
    quiet: { type: 'switch', short: 'q', help: 'Do not tell what is being done' },
  },
  details: `Does one recorded operation again in a private root, with what it needs (its container, image, networks, volumes): with the recorded drivers,\nthen with yours in place of those of its family. Each call is compared: whether it succeeded, and what it answered. Needs root.\n${SOURCE_HELP}`,
  examples: [
    {
      command: 'shiplog plugin replay --op 019a3c --driver ./mine.ts --images /var/lib/shiplog export.jsonl',
      what: 'would my driver have done what the recorded one did?',
    },
    { command: 'shiplog plugin replay --op 019a3c --driver @shiplog/storage-vfs --images /var/lib/shiplog', what: 'a start, with vfs' },
  ],
  exits: {
    '1': 'a call, or the operation, went otherwise than recorded; or it could not be done',
    '130': 'it was interrupted; what it had made is removed',
  },
  async run(context, flags, [path]) {
    if (flags.format !== undefined && flags.format !== 'json') throw new UsageError(`--format takes json, not "${flags.format}"`);
    const { replayOperation } = await import('@shiplog/reenact');
    const { op, driver, images, trusted, quiet } = flags;
    if (op === undefined || driver === undefined) throw new UsageError('--op and --driver are needed');
    const source = await openSource(context, path);
    const replayed = await interruptible(context, (signal) =>
      replayOperation(source, {
        op,
        // A file without ./ is still a file.
        driver: existsSync(driver) ? resolve(driver) : driver,
        trusted,
        signal,
        ...(images === undefined ? {} : { images }),
        ...(quiet ? {} : { progress: (name) => note(context, `Doing it with ${name}`) }),
      }),
    );
    if (flags.format === 'json') print(context, JSON.stringify(replayed));
    else printReplayed(context, replayed);
    return replayed.differences === 0 ? EXIT.ok : EXIT.failed;
  },
});

function printReplayed(
  context: Context,
  { verb, op, kind, driver, calls, recorded, now, unanswered, differences }: ReplayedOperation,
): void {
  print(context, `${verb} ${op}, ${kind} driver ${driver}`);
  printTable(
    context,
    ['CALL', 'ABOUT', 'RECORDED', 'NOW', 'DIFFERENCE'],
    calls.map((call) => [call.verb, short(call.about), end(call.recorded), end(call.now), difference(call)]),
  );
  if (unanswered !== undefined) note(context, `answers were not compared: ${unanswered}`);
  print(context, `${verb}: ${recorded.error?.code ?? recorded.status} recorded, ${now.error?.code ?? now.status} now`);
  const told = differences === 0 ? context.colors.green('no difference') : context.colors.red(`${differences} differences`);
  print(context, told);
}

function difference({ difference: found, takesBack }: ComparedCall): string {
  return found ?? (takesBack === true ? '(takes back what failed)' : '');
}

function end(call: ComparedCall['now']): string {
  if (call === undefined) return '–';
  return call.ms === undefined ? call.code : `${call.code} ${call.ms.toFixed(1)} ms`;
}

/** Ids of 64 digits as people know them. */
function short(about: string): string {
  return about.replace(/([0-9a-f]{12})[0-9a-f]{52}$/, '$1');
}
