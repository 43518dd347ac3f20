import { AT } from '../at.ts';
import { EXIT } from '../exit-codes.ts';
import { FILTER, parseFilters } from '../filters.ts';
import { printList } from '../format/print-list.ts';
import { defineVerb } from '../verb.ts';

const COLUMNS = [
  ['DRIVER', 'Driver'],
  ['VOLUME NAME', 'Name'],
] as const;

export default defineVerb({
  usage: '[OPTIONS]',
  args: [0, 0],
  options: {
    at: AT,
    filter: FILTER,
    format: { type: 'text', value: 'FORMAT', help: 'json, or a template such as {{.Name}}' },
    quiet: { type: 'switch', short: 'q', help: 'Names only' },
  },
  examples: [{ command: 'shiplog volume ls -f dangling=true', what: 'volumes that no container uses' }],
  async run(context, flags) {
    const { docker } = await context.client();
    const { Volumes: volumes } = await docker.listVolumes(parseFilters(flags.filter), flags.at);
    const rows = (volumes ?? []).map((volume) => ({
      Name: volume.Name,
      Driver: volume.Driver,
      Mountpoint: volume.Mountpoint,
      Scope: volume.Scope ?? 'local',
      Labels: Object.entries(volume.Labels ?? {})
        .map(([name, value]) => `${name}=${value}`)
        .join(','),
    }));
    printList(context, rows, COLUMNS, { format: flags.format, quiet: flags.quiet ? 'Name' : undefined });
    return EXIT.ok;
  },
});
