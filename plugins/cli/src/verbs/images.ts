import type { ImageSummary } from '@shiplog/client';
import { AT } from '../at.ts';
import { EXIT } from '../exit-codes.ts';
import { FILTER, parseFilters } from '../filters.ts';
import { formatBytes } from '../format/bytes.ts';
import { humanAgo, localTime } from '../format/human-time.ts';
import { type Column, printList, type Row } from '../format/print-list.ts';
import { defineVerb } from '../verb.ts';

const COLUMNS: readonly Column[] = [
  ['REPOSITORY', 'Repository'],
  ['TAG', 'Tag'],
  ['IMAGE ID', 'ID'],
  ['CREATED', 'CreatedSince'],
  ['SIZE', 'Size'],
];

export default defineVerb({
  usage: '[OPTIONS] [REPOSITORY[:TAG]]',
  args: [0, 1],
  complete: 'image',
  options: {
    at: AT,
    all: { type: 'switch', short: 'a', help: 'Intermediate images too' },
    digests: { type: 'switch', help: 'Show digests' },
    filter: FILTER,
    format: { type: 'text', value: 'FORMAT', help: 'json, or a template such as {{.Repository}}' },
    'no-trunc': { type: 'switch', help: 'Show ids whole' },
    quiet: { type: 'switch', short: 'q', help: 'Ids only' },
  },
  examples: [
    { command: 'shiplog images --format json', what: 'every image, a JSON object a line' },
    { command: 'shiplog images --at 2h', what: 'those there were two hours ago' },
  ],
  async run(context, flags, [reference]) {
    const filters = parseFilters(reference === undefined ? flags.filter : [...flags.filter, `reference=${reference}`]);
    const { docker } = await context.client();
    const images = await docker.listImages({ all: flags.all, digests: flags.digests, filters, at: flags.at });
    const rows = images.flatMap((image) => toRows(image, context.now(), flags['no-trunc']));
    const columns = flags.digests ? COLUMNS.toSpliced(2, 0, ['DIGEST', 'Digest']) : COLUMNS;
    printList(context, flags.quiet ? uniqueById(rows) : rows, columns, { format: flags.format, quiet: flags.quiet ? 'ID' : undefined });
    return EXIT.ok;
  },
});

/** A row per tag; one without a name where there is none. */
function toRows(image: ImageSummary, now: number, whole: boolean): Row[] {
  const tags = image.RepoTags === null || image.RepoTags.length === 0 ? ['<none>:<none>'] : image.RepoTags;
  return tags.map((reference) => {
    const colon = reference.lastIndexOf(':');
    const repository = reference.slice(0, colon);
    return {
      ID: whole ? image.Id : image.Id.replace(/^sha256:/, '').slice(0, 12),
      Repository: repository,
      Tag: reference.slice(colon + 1),
      Digest: image.RepoDigests?.find((digest) => digest.startsWith(`${repository}@`))?.slice(repository.length + 1) ?? '<none>',
      CreatedSince: humanAgo(image.Created * 1000, now),
      CreatedAt: localTime(image.Created * 1000),
      Size: formatBytes(image.Size),
      Containers: image.Containers === undefined || image.Containers < 0 ? 'N/A' : String(image.Containers),
    };
  });
}

function uniqueById(rows: readonly Row[]): readonly Row[] {
  return [...new Map(rows.map((row) => [row['ID'], row])).values()];
}
