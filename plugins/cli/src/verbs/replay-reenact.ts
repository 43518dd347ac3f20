import type { Reenacted, ReenactOptions } from '@shiplog/reenact';
import type { End, OtherEnd, Recording } from '@shiplog/replay';
import { UsageError } from '../cli-error.ts';
import { type Context, note, print } from '../context.ts';
import { EXIT } from '../exit-codes.ts';
import { formatBytes } from '../format/bytes.ts';
import { ProgressBar } from '../format/progress-bar.ts';
import { openSource, SOURCE_HELP } from '../replay/open-source.ts';
import { printComparison, printOthers, type Side } from '../replay/print-comparison.ts';
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
      value: 'NAME',
      help: 'overlay, btrfs or vfs; the first that can run here if absent',
      complete: ['overlay', 'btrfs', 'vfs'],
    },
    ab: { type: 'text', value: 'storage-driver=A,B', help: 'Do it with either driver, and compare the two' },
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
  details: `Runs the recorded commands again, on real drivers, in a private root with a bridge and a subnet of its own, and removes all of it at\nthe end. Needs root. Archives are not in the log: --images names an engine that has the images.\n${SOURCE_HELP}`,
  examples: [
    { command: 'shiplog replay reenact --images /var/lib/shiplog --speed max export.jsonl', what: 'does it all go as it went?' },
    {
      command: 'shiplog replay reenact --images /var/lib/shiplog --ab storage-driver=overlay,vfs export.jsonl',
      what: 'the same work with two storage drivers: time, disk, outcomes',
    },
  ],
  exits: { '1': 'something ended otherwise than recorded (with --ab: with one driver and the other), or it could not be done' },
  async run(context, flags, [path]) {
    if (flags.format !== undefined && flags.format !== 'json') throw new UsageError(`--format takes json, not "${flags.format}"`);
    const speed = parseSpeed(flags.speed ?? '1x');
    const drivers = flags.ab === undefined ? undefined : parsePair(flags.ab);
    if (drivers !== undefined && flags['storage-driver'] !== undefined)
      throw new UsageError('--ab already says which storage drivers: leave --storage-driver away');
    const [{ readRecording, writeExport }, { reenact }] = await Promise.all([import('@shiplog/replay'), import('@shiplog/reenact')]);
    const recording = await readRecording(await openSource(context, path));
    const once = async (storageDriver: string | undefined): Promise<Reenacted> => {
      const bar = new ProgressBar(context.stderr, `Doing it${storageDriver === undefined ? '' : ` with ${storageDriver}`}`, {
        unit: 'count',
        quiet: flags.quiet,
      });
      const options: ReenactOptions = {
        speed,
        trusted: flags.trusted,
        progress: (done, total) => bar.update(done, total),
        ...(flags.images === undefined ? {} : { images: flags.images }),
        ...(storageDriver === undefined ? {} : { storageDriver }),
      };
      return reenact(recording, options).finally(() => bar.clear());
    };
    const [first, second] =
      drivers === undefined ? [await once(flags['storage-driver'])] : [await once(drivers[0]), await once(drivers[1])];
    if (flags.out !== undefined) await writeExport(flags.out, (second ?? first).events);
    const others = second === undefined ? first.others : between(recording, first, second);
    if (flags.format === 'json')
      print(context, JSON.stringify({ runs: [first, second].flatMap((run) => (run === undefined ? [] : [plain(run)])), others }));
    else printRuns(context, recording, first, second, others);
    return others.length === 0 ? EXIT.ok : EXIT.failed;
  },
});

/** Reads `storage-driver=A,B`. */
function parsePair(text: string): readonly [string, string] {
  const [, one, two] = /^storage-driver=([^,]+),([^,]+)$/.exec(text) ?? [];
  if (one === undefined || two === undefined) throw new UsageError(`--ab takes storage-driver=A,B, not "${text}"`);
  return [one, two];
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
  first: Reenacted,
  second: Reenacted | undefined,
  others: readonly OtherEnd[],
): void {
  const side = ({ storageDriver, verbs, spanMs }: Reenacted): Side => ({ name: storageDriver, verbs, spanMs });
  const recorded: Side = { name: 'recorded', verbs: recording.verbs, spanMs: recording.spanMs };
  printComparison(context, second === undefined ? [recorded, side(first)] : [side(first), side(second)]);
  for (const { storageDriver, diskBytes } of second === undefined ? [first] : [first, second])
    print(context, `${storageDriver}: root file systems took ${formatBytes(diskBytes)} when they were started`);
  printOthers(context, others, second === undefined ? 'recorded' : `with ${first.storageDriver}`);
  for (const { seq, verb, why } of first.withheld) note(context, `not asked: #${seq} ${verb}: ${why}`);
  if (first.released > 0) note(context, `${first.released} commands came before something that did not happen this time`);
}
