import type { Reenacted, ReenactOptions } from '@shiplog/reenact';
import type { End, OtherEnd, Recording } from '@shiplog/replay';
import { UsageError } from '../cli-error.ts';
import { type Context, note, print } from '../context.ts';
import { EXIT } from '../exit-codes.ts';
import { formatBytes } from '../format/bytes.ts';
import { ProgressBar } from '../format/progress-bar.ts';
import { interruptible } from '../replay/interruptible.ts';
import { openSource, SOURCE_HELP } from '../replay/open-source.ts';
import { placeText, printComparison, printOthers, type Side } from '../replay/print-comparison.ts';
import { parseSpeed } from '../replay/speed.ts';
import { defineVerb } from '../verb.ts';

export default defineVerb({
  usage: '[OPTIONS] [SOURCE]',
  args: [0, 1],
  complete: 'file',
  options: {
    speed: {
      type: 'text',
      value: '1x',
      help: 'How much faster than recorded commands come; max: nobody thinks',
      complete: ['1x', '10x', 'max'],
    },
    'storage-driver': {
      type: 'text',
      value: 'NAME[,NAME...]',
      help: 'overlay, btrfs or vfs; of several each does it, and they are compared; the first that can run here if absent',
      complete: ['overlay', 'btrfs', 'vfs', 'overlay,btrfs,vfs'],
    },
    images: { type: 'text', value: 'ROOT', help: 'Root of an engine that has the images', complete: 'file' },
    trusted: { type: 'switch', help: 'Also do what reaches out of the private root: bind mounts, devices, privileged containers' },
    out: {
      type: 'text',
      short: 'o',
      value: 'FILE',
      help: 'Write the log of it, as JSON lines; .gz and .zst are compressed',
      complete: 'file',
    },
    format: { type: 'text', value: 'json', help: 'Print all of it as one JSON object', complete: ['json'] },
    quiet: { type: 'switch', short: 'q', help: 'Show no progress' },
  },
  details: `Runs the recorded commands again, on real drivers, in a private root with a bridge and a subnet of its own, and removes all of it at\nthe end. Needs root. Archives are not in the log: --images names an engine that has the images.\nbtrfs gets a file system of its own in a sparse file, unless TMPDIR is on btrfs.\n${SOURCE_HELP}`,
  examples: [
    { command: 'shiplog replay reenact --images /var/lib/shiplog --speed max export.jsonl', what: 'does it all go as it went?' },
    {
      command: 'shiplog replay reenact --images /var/lib/shiplog --storage-driver overlay,btrfs,vfs export.jsonl',
      what: 'the same work with three storage drivers: time, disk, outcomes',
    },
  ],
  exits: {
    '1': 'something ended otherwise than recorded (with several drivers: than with the first), or it could not be done',
    '130': 'it was interrupted; what it had made is removed',
  },
  async run(context, flags, [path]) {
    if (flags.format !== undefined && flags.format !== 'json') throw new UsageError(`--format takes json, not "${flags.format}"`);
    const speed = parseSpeed(flags.speed ?? '1x');
    const drivers = parseDrivers(flags['storage-driver']);
    const [{ readRecording, writeExport }, { reenact }] = await Promise.all([import('@shiplog/replay'), import('@shiplog/reenact')]);
    const recording = await readRecording(await openSource(context, path));
    const once = async (storageDriver: string | undefined, signal: AbortSignal): Promise<Reenacted> => {
      const bar = new ProgressBar(context.stderr, `Doing it${storageDriver === undefined ? '' : ` with ${storageDriver}`}`, {
        unit: 'count',
        quiet: flags.quiet,
      });
      const options: ReenactOptions = {
        speed,
        trusted: flags.trusted,
        signal,
        noted: (line) => note(context, line),
        progress: (done, total) => bar.update(done, total),
        ...(flags.images === undefined ? {} : { images: flags.images }),
        ...(storageDriver === undefined ? {} : { storageDriver }),
      };
      return reenact(recording, options).finally(() => bar.clear());
    };
    const runs = await interruptible(context, async (signal) => {
      const done: [Reenacted, ...Reenacted[]] = [await once(drivers[0], signal)];
      for (const driver of drivers.slice(1)) done.push(await once(driver, signal));
      return done;
    });
    const [first] = runs;
    if (flags.out !== undefined) await writeExport(flags.out, (runs.at(-1) ?? first).events);
    const differences: readonly Difference[] =
      runs.length === 1
        ? [{ storageDriver: first.storageDriver, others: first.others }]
        : runs.slice(1).map((run) => ({ storageDriver: run.storageDriver, others: between(recording, first, run) }));
    if (flags.format === 'json') print(context, JSON.stringify({ runs: runs.map(plain), differences }));
    else printRuns(context, recording, runs, differences);
    return differences.every(({ others }) => others.length === 0) ? EXIT.ok : EXIT.failed;
  },
});

/** What ended otherwise with a driver: than with the first one, or than recorded where there is one alone. */
interface Difference {
  readonly storageDriver: string;
  readonly others: readonly OtherEnd[];
}

/** Reads `A` or `A,B,C`. */
function parseDrivers(text: string | undefined): readonly (string | undefined)[] {
  if (text === undefined) return [undefined];
  const names = text.split(',').map((name) => name.trim());
  if (names.includes('') || new Set(names).size < names.length)
    throw new UsageError(`--storage-driver takes different names, separated by commas, not "${text}"`);
  return names;
}

/** Commands that ended otherwise with one driver than with the other. */
function between(recording: Recording, first: Reenacted, second: Reenacted): readonly OtherEnd[] {
  const same = (a: End | undefined, b: End | undefined): boolean => a?.status === b?.status && a?.code === b?.code;
  return recording.commands.flatMap(({ seq, verb }) => {
    const [recorded, now] = [first.ends.get(seq), second.ends.get(seq)];
    return recorded === undefined || now === undefined || same(recorded, now) ? [] : [{ seq, verb, stream: '', recorded, now }];
  });
}

function plain({ events, ends, ...rest }: Reenacted): object {
  return { ...rest, events: events.length, ends: Object.fromEntries(ends) };
}

function printRuns(
  context: Context,
  recording: Recording,
  runs: readonly [Reenacted, ...Reenacted[]],
  differences: readonly Difference[],
): void {
  const [first] = runs;
  const recorded: Side = { name: 'recorded', verbs: recording.verbs, spanMs: recording.spanMs };
  const sides = runs.map(({ storageDriver, verbs, spanMs, disk }): Side => ({
    name: storageDriver,
    verbs,
    spanMs,
    diskBytes: disk.layers + disk.containers,
  }));
  printComparison(context, runs.length === 1 ? [recorded, ...sides] : sides);
  for (const { storageDriver, disk } of runs)
    print(
      context,
      `${storageDriver}: layers took ${formatBytes(disk.layers)}, root file systems at their start ${formatBytes(disk.containers)}`,
    );
  for (const { storageDriver, others } of differences) {
    if (runs.length > 1) print(context, context.colors.bold(`${storageDriver}:`));
    printOthers(context, others, runs.length === 1 ? 'recorded' : `with ${first.storageDriver}`);
  }
  for (const { seq, verb, why } of first.withheld) note(context, `not asked: ${placeText(seq)} ${verb}: ${why}`);
  for (const { storageDriver, released } of runs)
    if (released > 0) note(context, `${storageDriver}: ${released} commands came before something that did not happen this time`);
}
