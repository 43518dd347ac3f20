import type { ContainerSummary } from '@shiplog/client';
import { AT, refuseSizesAt } from '../at.ts';
import { parseInteger } from '../create/size.ts';
import { EXIT } from '../exit-codes.ts';
import { FILTER, parseFilters } from '../filters.ts';
import { formatBytes } from '../format/bytes.ts';
import { humanAgo, localTime } from '../format/human-time.ts';
import { formatPorts } from '../format/ports.ts';
import { type Column, printList, type Row } from '../format/print-list.ts';
import { defineVerb } from '../verb.ts';

const COLUMNS: readonly Column[] = [
  ['CONTAINER ID', 'ID'],
  ['IMAGE', 'Image'],
  ['COMMAND', 'Command'],
  ['CREATED', 'RunningFor'],
  ['STATUS', 'Status'],
  ['PORTS', 'Ports'],
  ['NAMES', 'Names'],
];

export default defineVerb({
  usage: '[OPTIONS]',
  args: [0, 0],
  options: {
    at: AT,
    all: { type: 'switch', short: 'a', help: 'Those that do not run too' },
    filter: FILTER,
    format: { type: 'text', value: 'FORMAT', help: 'json, or a template such as {{.Names}}' },
    last: { type: 'text', short: 'n', value: 'N', help: 'The last N created, running or not' },
    latest: { type: 'switch', short: 'l', help: 'The last one created' },
    'no-trunc': { type: 'switch', help: 'Show ids and commands whole' },
    quiet: { type: 'switch', short: 'q', help: 'Ids only' },
    size: { type: 'switch', short: 's', help: 'Show sizes' },
  },
  examples: [
    { command: 'shiplog ps -a', what: 'all containers' },
    { command: "shiplog ps --at '10 minutes ago'", what: 'what ran then, removed containers included' },
    { command: "shiplog ps --filter label=app=web --format '{{.Names}} {{.Status}}'", what: 'some of them, for a script' },
  ],
  async run(context, flags) {
    refuseSizesAt(flags);
    const last = flags.latest ? 1 : flags.last === undefined ? undefined : parseInteger('--last', flags.last);
    const { docker } = await context.client();
    const containers = await docker.listContainers({
      all: flags.all || last !== undefined,
      ...(last === undefined ? {} : { limit: last }),
      size: flags.size,
      filters: parseFilters(flags.filter),
      at: flags.at,
    });
    const rows = containers.map((container) => toRow(container, context.now(), flags['no-trunc']));
    const columns = flags.size ? [...COLUMNS, ['SIZE', 'Size'] as const] : COLUMNS;
    printList(context, rows, columns, { format: flags.format, quiet: flags.quiet ? 'ID' : undefined });
    return EXIT.ok;
  },
});

function toRow(container: ContainerSummary, now: number, whole: boolean): Row {
  const command = whole || container.Command.length <= 20 ? container.Command : `${container.Command.slice(0, 19)}…`;
  return {
    ID: whole ? container.Id : container.Id.slice(0, 12),
    Names: container.Names.map((name) => name.replace(/^\//, '')).join(','),
    Image: whole ? container.Image : container.Image.replace(/^sha256:([0-9a-f]{12})[0-9a-f]+$/, '$1'),
    Command: JSON.stringify(command),
    CreatedAt: localTime(container.Created * 1000),
    RunningFor: humanAgo(container.Created * 1000, now),
    State: container.State,
    Status: container.Status,
    Ports: formatPorts(container.Ports),
    Size: container.SizeRw === undefined ? '0B' : `${formatBytes(container.SizeRw)} (virtual ${formatBytes(container.SizeRootFs ?? 0)})`,
    Labels: Object.entries(container.Labels)
      .map(([name, value]) => `${name}=${value}`)
      .join(','),
    Mounts: (container.Mounts ?? []).map((mount) => mount.Name ?? mount.Source ?? '').join(','),
    Networks: Object.keys(container.NetworkSettings?.Networks ?? {}).join(','),
  };
}
