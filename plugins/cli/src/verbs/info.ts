import type { LogExtent, RetentionStatus } from '@shiplog/contracts';
import { AT } from '../at.ts';
import { type Context, note, print } from '../context.ts';
import { EXIT } from '../exit-codes.ts';
import { formatMemory } from '../format/bytes.ts';
import { printDocuments } from '../format/print-documents.ts';
import { humanDuration, localTime } from '../format/human-time.ts';
import { renderTable } from '../format/table.ts';
import { defineVerb } from '../verb.ts';

export default defineVerb({
  usage: '[OPTIONS]',
  args: [0, 0],
  options: { at: AT, format: { type: 'text', short: 'f', value: 'FORMAT', help: 'json, or a template such as {{.ServerVersion}}' } },
  details:
    "With a format, the object is Docker's `info` with the engine's own facts under `Shiplog`. With --at, containers and images are counted\nas they were; all else is of now.",
  examples: [
    { command: "shiplog info --format '{{.Shiplog.durableSeq}}'", what: 'how long is the log?' },
    { command: "shiplog info --format '{{json .Shiplog.retention}}'", what: 'what is sealed or pruned next, and when' },
  ],
  async run(context, flags) {
    const { docker, native } = await context.client();
    const [info, own] = await Promise.all([docker.info(flags.at), native.info()]);
    if (flags.format !== undefined) {
      printDocuments(context, [{ ...info, Shiplog: own }], flags.format);
      return EXIT.ok;
    }
    const rows: (readonly [string, string | number | undefined])[] = [
      ['Engine', `${own.version} (${own.engineId})`],
      ['Log', extentText(own.log)],
      ...(own.retention === undefined ? [] : retentionRows(own.retention)),
      ['Root', own.root],
      ['Containers', `${info.Containers ?? 0} (${info.ContainersRunning ?? 0} running, ${info.ContainersPaused ?? 0} paused)`],
      ['Images', info.Images],
      ['Storage driver', own.storageDriver],
      ['Runtime', own.runtime],
      ['Log driver', own.logDriver],
      ['Cgroup', info.CgroupVersion === undefined ? undefined : `v${info.CgroupVersion}`],
      ['Kernel', info.KernelVersion],
      ['System', info.OperatingSystem],
      ['Architecture', info.Architecture],
      ['CPUs', info.NCPU],
      ['Memory', info.MemTotal === undefined ? undefined : formatMemory(info.MemTotal)],
    ];
    print(context, renderTable(rows.flatMap(([title, value]) => (value === undefined ? [] : [[`${title}:`, String(value)]]))));
    printDrivers(context, own.drivers);
    for (const warning of new Set([...own.warnings, ...(info.Warnings ?? [])]))
      note(context, `warning: ${warning.replace(/^WARNING: /, '')}`);
    return EXIT.ok;
  },
});

/** `1234 events, 5.67MiB`, and where it begins and what is sealed, if anything is. Without a size while all of it is too young to be counted. */
function extentText({ firstSeq, sealedSeq, durableSeq, bytes }: LogExtent): string {
  const sealed = sealedSeq >= firstSeq ? `; sealed up to ${sealedSeq}` : '';
  const begins = firstSeq > 0 ? `, from ${firstSeq} on; older ones were pruned` : '';
  const size = bytes > 0 ? `, ${formatMemory(bytes)}` : '';
  return `${durableSeq + 1 - firstSeq} events${size}${begins}${sealed}`;
}

function retentionRows({ policy, next, held }: RetentionStatus): readonly (readonly [string, string])[] {
  const { sealAfterMs, keepMs, maxEvents, maxBytes } = policy;
  const kept = [
    ...(keepMs === undefined ? [] : [humanDuration(keepMs)]),
    ...(maxEvents === undefined ? [] : [`${maxEvents} events`]),
    ...(maxBytes === undefined ? [] : [formatMemory(maxBytes)]),
  ];
  const rules = [
    ...(sealAfterMs === undefined ? [] : [`seals after ${humanDuration(sealAfterMs)}`]),
    ...(kept.length === 0 ? [] : [`keeps ${kept.join(', and ')}`]),
  ];
  const conditions = [
    ...(next?.at === undefined ? [] : [`from ${localTime(Number(BigInt(next.at) / 1_000_000n)).slice(0, 19)} on`]),
    ...(next?.events === undefined ? [] : [`with more than ${next.events} events`]),
    ...(next?.bytes === undefined ? [] : [`with more than ${formatMemory(next.bytes)}`]),
  ];
  return [
    ['Retention', rules.join(', ')],
    ...(next === undefined ? [] : [['Next', `${next.verb} ${conditions.join(', ')}`] as const]),
    ...(held === undefined ? [] : [['Held back', `event ${held.seq} and later: ${HOLDERS[held.by]}`] as const]),
  ];
}

const HOLDERS = { operation: 'an operation is under way', follower: 'somebody follows and has not come further' } as const;

function printDrivers(
  context: Context,
  drivers: readonly {
    readonly kind: string;
    readonly name: string;
    readonly probe: { readonly usable: boolean; readonly reason?: string };
  }[],
): void {
  print(context, '');
  print(context, context.colors.bold('Drivers:'));
  const rows = drivers.map(({ kind, name, probe }) => [`  ${kind}`, name, probe.usable ? 'usable' : `not here: ${probe.reason ?? ''}`]);
  print(context, renderTable(rows));
}
