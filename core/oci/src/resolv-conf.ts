import { isIpv6 } from './ip-address.ts';

/** What was asked for; an empty list means: as on the host. */
export interface DnsChoice {
  readonly servers?: readonly string[];
  /** `.` alone means: none. */
  readonly search?: readonly string[];
  readonly options?: readonly string[];
}

/** Where the container's network is. */
export interface DnsReach {
  /** True when the container shares the host's network: then the host's own resolver can be reached. */
  readonly hostNetwork?: boolean;
  /** True when the container has IPv6. */
  readonly ipv6?: boolean;
  /** A name server in the container's own namespace: it asks the others itself. */
  readonly nameServer?: string;
}

/**
 * The text of `/etc/resolv.conf` (resolv.conf(5)) from the host's and what was asked for. Name servers of the host that a
 * container cannot reach (loopback, and IPv6 without IPv6) are left out; there may be none left.
 */
export function resolvConf(hostText: string, dns: DnsChoice = {}, reach: DnsReach = {}): string {
  const host = parse(hostText);
  const asked = dns.servers ?? [];
  const others = asked.length > 0 ? asked : host.servers.filter((server) => isReachable(server, reach));
  const servers = reach.nameServer === undefined ? others : [reach.nameServer];
  const askedSearch = dns.search ?? [];
  const search = askedSearch.length > 0 ? askedSearch.filter((domain) => domain !== '.') : host.search;
  const askedOptions = dns.options ?? [];
  const wanted = askedOptions.length > 0 ? askedOptions : host.options;
  // Names of containers have no dots: they are asked for as they are, not first with what `search` says behind them.
  const options = reach.nameServer === undefined || wanted.some((option) => option.startsWith('ndots:')) ? wanted : [...wanted, 'ndots:0'];
  const lines = servers.map((server) => `nameserver ${server}`);
  if (search.length > 0) lines.push(`search ${search.join(' ')}`);
  if (options.length > 0) lines.push(`options ${options.join(' ')}`);
  return lines.map((line) => `${line}\n`).join('');
}

/** The name servers that `/etc/resolv.conf` names, in order. */
export function nameServers(text: string): readonly string[] {
  return parse(text).servers;
}

function parse(text: string): {
  readonly servers: readonly string[];
  readonly search: readonly string[];
  readonly options: readonly string[];
} {
  const servers: string[] = [];
  const options: string[] = [];
  let search: readonly string[] = [];
  for (const line of text.split('\n')) {
    const [word, ...rest] = line
      .replace(/[#;].*$/, '')
      .trim()
      .split(/\s+/);
    if (word === 'nameserver' && rest[0] !== undefined) servers.push(rest[0]);
    // The last of `search` and `domain` holds.
    else if ((word === 'search' || word === 'domain') && rest.length > 0) search = rest.filter((domain) => domain !== '.');
    else if (word === 'options') options.push(...rest);
  }
  return { servers, search, options };
}

function isReachable(server: string, reach: DnsReach): boolean {
  if (reach.hostNetwork === true) return true;
  if (server.startsWith('127.') || server === '::1' || /^::ffff:127\./i.test(server)) return false;
  // A link-local server needs an interface of the host.
  const [address = ''] = server.split('%', 1);
  return !isIpv6(address) || (reach.ipv6 === true && address === server);
}
