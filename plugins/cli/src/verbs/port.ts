import { AT } from '../at.ts';
import { CliError, UsageError } from '../cli-error.ts';
import { EXIT } from '../exit-codes.ts';
import { printList, type Row } from '../format/print-list.ts';
import { defineVerb } from '../verb.ts';

/** Where each port of a container is reached, as Docker tells it: null for one that is not published. */
interface Published {
  readonly Ports?: { readonly [port: string]: readonly { readonly HostIp: string; readonly HostPort: string }[] | null } | null;
}

export default defineVerb({
  usage: '[OPTIONS] CONTAINER [PORT[/PROTOCOL]]',
  args: [1, 2],
  complete: 'container',
  options: {
    at: AT,
    format: { type: 'text', value: 'FORMAT', help: 'json, or a template of Port, HostIp, HostPort and Address' },
  },
  details:
    'Where the published ports of a container are reached from outside; of one port only the addresses. A protocol that is not said is tcp.',
  examples: [
    { command: 'shiplog port web', what: 'all that is published' },
    { command: 'shiplog port web 80', what: 'where to reach its port 80' },
  ],
  async run(context, { at, format }, [name = '', port]) {
    if (port !== undefined && !/^\d+(?:\/(?:tcp|udp|sctp))?$/.test(port))
      throw new UsageError(`"${port}" is no port`, 'give a number, and a protocol if it is not tcp: 53/udp');
    const { docker } = await context.client();
    const { NetworkSettings } = await docker.inspectContainer(name, { at });
    const wanted = port === undefined || port.includes('/') ? port : `${port}/tcp`;
    const rows = Object.entries((NetworkSettings as Published | undefined)?.Ports ?? {}).flatMap(([Port, bindings]) =>
      wanted === undefined || wanted === Port
        ? (bindings ?? []).map(({ HostIp, HostPort }): Row => ({ Port, HostIp, HostPort, Address: addressOf(HostIp, HostPort) }))
        : [],
    );
    if (rows.length === 0 && wanted !== undefined)
      throw new CliError(`${name} does not publish ${wanted}`, { hint: `list what it does with \`shiplog port ${name}\`` });
    printList(context, rows, [], { format: format ?? (wanted === undefined ? '{{.Port}} -> {{.Address}}' : '{{.Address}}') });
    return EXIT.ok;
  },
});

function addressOf(ip: string, port: string): string {
  return `${ip.includes(':') ? `[${ip}]` : ip}:${port}`;
}
