import type { ContainerSummary, DiskUsage, ImageSummary, UsageSummary } from '@shiplog/client';
import { UsageError } from '../cli-error.ts';
import { type Context, print } from '../context.ts';
import { EXIT } from '../exit-codes.ts';
import { formatBytes } from '../format/bytes.ts';
import { humanAgo } from '../format/human-time.ts';
import { type Column, printList, type Row } from '../format/print-list.ts';
import { defineVerb } from '../verb.ts';

const COLUMNS: readonly Column[] = [
  ['TYPE', 'Type'],
  ['TOTAL', 'TotalCount'],
  ['ACTIVE', 'Active'],
  ['SIZE', 'Size'],
  ['RECLAIMABLE', 'Reclaimable'],
];

const IMAGE_COLUMNS: readonly Column[] = [
  ['REPOSITORY', 'Repository'],
  ['TAG', 'Tag'],
  ['IMAGE ID', 'ID'],
  ['CREATED', 'CreatedSince'],
  ['SIZE', 'Size'],
  ['SHARED SIZE', 'SharedSize'],
  ['UNIQUE SIZE', 'UniqueSize'],
  ['CONTAINERS', 'Containers'],
];

const CONTAINER_COLUMNS: readonly Column[] = [
  ['CONTAINER ID', 'ID'],
  ['IMAGE', 'Image'],
  ['NAME', 'Name'],
  ['STATUS', 'Status'],
  ['SIZE', 'Size'],
  ['ROOT FS', 'RootFs'],
];

const VOLUME_COLUMNS: readonly Column[] = [
  ['VOLUME NAME', 'Name'],
  ['LINKS', 'Links'],
  ['SIZE', 'Size'],
];

export default defineVerb({
  usage: '[OPTIONS]',
  args: [0, 0],
  options: {
    verbose: { type: 'switch', short: 'v', help: 'Show each image, container and volume' },
    format: {
      type: 'text',
      value: 'FORMAT',
      help: 'json (an object a row, or with -v one object), or a template such as {{.Reclaimable}}',
    },
  },
  details:
    'Measured now, by walking what is there: large trees take their time. Images take their layers and the blobs that these came from; what\nseveral share counts once. A volume whose driver cannot tell its size has N/A.',
  examples: [
    { command: 'shiplog df', what: 'what there is, and what could go' },
    { command: 'shiplog df -v --format json', what: 'every size in bytes, for a program' },
  ],
  async run(context, { verbose, format }) {
    if (verbose && format !== undefined && format !== 'json')
      throw new UsageError(`-v prints tables or json, not "${format}"`, 'leave -v out for templates');
    const { docker } = await context.client();
    const usage = await docker.diskUsage();
    if (!verbose) printList(context, summaryRows(usage), COLUMNS, { format });
    else if (format === 'json') print(context, JSON.stringify(usage));
    else printTables(context, usage);
    return EXIT.ok;
  },
});

function summaryRows({ ImageUsage, ContainerUsage, VolumeUsage }: DiskUsage): readonly Row[] {
  return [summaryRow('Images', ImageUsage), summaryRow('Containers', ContainerUsage), summaryRow('Local Volumes', VolumeUsage)];
}

function summaryRow(type: string, usage: UsageSummary | undefined): Row {
  // Another engine than ours says it otherwise.
  if (usage === undefined) return { Type: type, TotalCount: 'N/A', Active: 'N/A', Size: 'N/A', Reclaimable: 'N/A' };
  const { TotalCount, ActiveCount, TotalSize, Reclaimable } = usage;
  const share = TotalSize === 0 ? '' : ` (${Math.floor((Reclaimable / TotalSize) * 100)}%)`;
  return {
    Type: type,
    TotalCount: String(TotalCount),
    Active: String(ActiveCount),
    Size: formatBytes(TotalSize),
    Reclaimable: `${formatBytes(Reclaimable)}${share}`,
  };
}

function printTables(context: Context, { Images, Containers, Volumes }: DiskUsage): void {
  printList(
    context,
    Images.map((image) => imageRow(image, context.now())),
    IMAGE_COLUMNS,
    {},
  );
  print(context, '');
  printList(context, Containers.map(containerRow), CONTAINER_COLUMNS, {});
  print(context, '');
  printList(
    context,
    Volumes.map(({ Name, UsageData }) => ({ Name, Links: String(UsageData.RefCount), Size: sizeText(UsageData.Size) })),
    VOLUME_COLUMNS,
    {},
  );
}

function imageRow({ Id, RepoTags, Created, Size, SharedSize = -1, Containers = 0 }: ImageSummary, now: number): Row {
  const reference = RepoTags?.[0] ?? '<none>:<none>';
  const colon = reference.lastIndexOf(':');
  return {
    Repository: reference.slice(0, colon),
    Tag: reference.slice(colon + 1),
    ID: Id.replace(/^sha256:/, '').slice(0, 12),
    CreatedSince: humanAgo(Created * 1000, now),
    Size: sizeText(Size),
    SharedSize: sizeText(SharedSize),
    UniqueSize: SharedSize < 0 ? 'N/A' : formatBytes(Size - SharedSize),
    Containers: String(Containers),
  };
}

function containerRow({ Id, Image, Names, Status, SizeRw = -1, SizeRootFs = -1 }: ContainerSummary): Row {
  const name = Names[0]?.replace(/^\//, '') ?? '';
  return { ID: Id.slice(0, 12), Image, Name: name, Status, Size: sizeText(SizeRw), RootFs: sizeText(SizeRootFs) };
}

/** What could not be measured is told as -1. */
function sizeText(bytes: number): string {
  return bytes < 0 ? 'N/A' : formatBytes(bytes);
}
