import { AT } from '../at.ts';
import { EXIT } from '../exit-codes.ts';
import { FILTER, parseFilters } from '../filters.ts';
import { printList } from '../format/print-list.ts';
import { defineVerb } from '../verb.ts';

const COLUMNS = [
  ['NETWORK ID', 'ID'],
  ['NAME', 'Name'],
  ['DRIVER', 'Driver'],
  ['SCOPE', 'Scope'],
] as const;

export default defineVerb({
  usage: '[OPTIONS]',
  args: [0, 0],
  options: {
    at: AT,
    filter: FILTER,
    format: { type: 'text', value: 'FORMAT', help: 'json, or a template such as {{.Name}}' },
    'no-trunc': { type: 'switch', help: 'Show ids whole' },
    quiet: { type: 'switch', short: 'q', help: 'Ids only' },
  },
  examples: [{ command: 'shiplog network ls -f driver=bridge', what: 'bridge networks' }],
  async run(context, flags) {
    const { docker } = await context.client();
    const rows = (await docker.listNetworks(parseFilters(flags.filter), flags.at)).map((network) => ({
      ID: flags['no-trunc'] ? network.Id : network.Id.slice(0, 12),
      Name: network.Name,
      Driver: network.Driver,
      Scope: network.Scope,
      Internal: String(network.Internal),
      IPv6: String(network.EnableIPv6 === true),
      CreatedAt: network.Created,
      Labels: Object.entries(network.Labels ?? {})
        .map(([name, value]) => `${name}=${value}`)
        .join(','),
    }));
    printList(context, rows, COLUMNS, { format: flags.format, quiet: flags.quiet ? 'ID' : undefined });
    return EXIT.ok;
  },
});
