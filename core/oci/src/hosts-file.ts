import { ShiplogError } from '@shiplog/contracts';
import { isIpv4, isIpv6 } from './ip-address.ts';

/** What `/etc/hosts` says (hosts(5)). */
export interface HostsFileInput {
  readonly hostname: string;
  readonly domainname?: string;
  /** Addresses of the container itself. */
  readonly addresses: readonly string[];
  /** `name:address`, as `--add-host` gives them; `=` may stand for the colon. */
  readonly extraHosts: readonly string[];
  /** What the address `host-gateway` stands for. */
  readonly hostGateway?: string;
}

const LOCAL = `127.0.0.1\tlocalhost
::1\tlocalhost ip6-localhost ip6-loopback
fe00::\tip6-localnet
ff00::\tip6-mcastprefix
ff02::1\tip6-allnodes
ff02::2\tip6-allrouters
`;

/** The text of `/etc/hosts`. Throws SPEC_INVALID for an extra host that is not `name:address`. */
export function hostsFile(input: HostsFileInput): string {
  const names =
    input.domainname === undefined || input.domainname === '' ? input.hostname : `${input.hostname}.${input.domainname} ${input.hostname}`;
  const extra = input.extraHosts.map((entry) => extraHost(entry, input.hostGateway));
  const own = input.addresses.filter((address) => address !== '').map((address) => `${address}\t${names}\n`);
  return [LOCAL, ...extra, ...own].join('');
}

function extraHost(entry: string, hostGateway: string | undefined): string {
  const at = entry.search(/[:=]/);
  const name = entry.slice(0, Math.max(at, 0));
  const given = entry.slice(at + 1).replace(/^\[(.*)\]$/, '$1');
  const address = given === 'host-gateway' ? hostGateway : given;
  if (address === undefined) {
    throw new ShiplogError('SPEC_INVALID', 'unable to derive the IP value for host-gateway', { entry });
  }
  if (at < 1 || /[\s#]/.test(name) || !(isIpv4(address) || isIpv6(address))) {
    throw new ShiplogError('SPEC_INVALID', `bad format for add-host: "${entry}"`, { entry });
  }
  return `${address}\t${name}\n`;
}
