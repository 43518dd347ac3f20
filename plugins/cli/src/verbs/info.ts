import { AT } from '../at.ts';
import { type Context, note, print } from '../context.ts';
import { EXIT } from '../exit-codes.ts';
import { formatMemory } from '../format/bytes.ts';
import { printDocuments } from '../format/print-documents.ts';
import { renderTable } from '../format/table.ts';
import { defineVerb } from '../verb.ts';

export default defineVerb({
  usage: '[OPTIONS]',
  args: [0, 0],
  options: { at: AT, format: { type: 'text', short: 'f', value: 'FORMAT', help: 'json, or a template such as {{.ServerVersion}}' } },
  details:
    "With a format, the object is Docker's `info` with the engine's own facts under `Shiplog`. With --at, containers and images are counted\nas they were; all else is of now.",
  examples: [{ command: "shiplog info --format '{{.Shiplog.durableSeq}}'", what: 'how long is the log?' }],
  async run(context, flags) {
    const { docker, native } = await context.client();
    const [info, own] = await Promise.all([docker.info(flags.at), native.info()]);
    if (flags.format !== undefined) {
      printDocuments(context, [{ ...info, Shiplog: own }], flags.format);
      return EXIT.ok;
    }
    const rows: (readonly [string, string | number | undefined])[] = [
      ['Engine', `${own.version} (${own.engineId})`],
      ['Log', `${own.durableSeq + 1} events`],
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
