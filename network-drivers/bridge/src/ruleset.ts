import type { Protocol } from '@shiplog/contracts';
import type { BridgeNetwork } from './network.ts';

/** Bytes the kernel keeps of a comment. */
const COMMENT_LIMIT = 128;

/** One published port, with everything decided. */
export interface Publication {
  readonly protocol: Protocol;
  /** '' for every address of the host. */
  readonly hostIp: string;
  readonly hostPort: number;
  readonly address: string;
  readonly containerPort: number;
}

/**
 * The table of one engine, as a script that can run again: sets and maps are kept with what is in them, rules are written
 * anew. Networks and ports are elements, so that they come and go without touching a rule.
 *
 * - `raw`: nothing from outside may name a loopback address. Bridges route loopback addresses (so that 127.0.0.1 works as a
 *   way to published ports), and destination NAT happens before the kernel's own check.
 * - `publish`: an address of the host and a port become an address of a container and its port.
 * - `source`: what leaves a subnet by another way than its bridge gets the host's address; so does what comes back to its own
 *   subnet by a published port, and what the host sends from a loopback address, or the answer would go astray.
 * - `inward`, `outward`: into a bridge comes what answers, what was published, and what is from the same bridge; out of an
 *   internal network goes nothing. Frames within a bridge pass here too where br_netfilter is at work.
 */
export function tableScript(table: string): string {
  return `table ip ${table} {
  set bridges { type ifname; }
  set internal { type ifname; }
  set own { type ifname . ipv4_addr; flags interval; }
  set lanes { type ifname . ifname; }
  set masqueraded { type ipv4_addr; flags interval; }
  map published { type inet_proto . inet_service : ipv4_addr . inet_service; }
  map published_at { type ipv4_addr . inet_proto . inet_service : ipv4_addr . inet_service; }
  chain raw { type filter hook prerouting priority raw; policy accept; }
  chain publish { }
  chain prerouting { type nat hook prerouting priority dstnat; policy accept; }
  chain output { type nat hook output priority -100; policy accept; }
  chain source { type nat hook postrouting priority srcnat; policy accept; }
  chain inward { }
  chain outward { }
  chain forward { type filter hook forward priority filter; policy accept; }
}
${['raw', 'publish', 'prerouting', 'output', 'source', 'inward', 'outward', 'forward'].map((chain) => `flush chain ip ${table} ${chain}`).join('\n')}
table ip ${table} {
  chain raw {
    iifname != "lo" ip daddr 127.0.0.0/8 drop
  }
  chain publish {
    dnat ip to ip daddr . meta l4proto . th dport map @published_at
    dnat ip to meta l4proto . th dport map @published
  }
  chain prerouting {
    fib daddr type local jump publish
  }
  chain output {
    fib daddr type local jump publish
  }
  chain source {
    oifname . ip saddr @own ct status dnat masquerade
    oifname . ip saddr @own return
    oifname @bridges ip saddr 127.0.0.0/8 masquerade
    ip saddr @masqueraded masquerade
  }
  chain inward {
    ct state established,related accept
    ct status dnat accept
    iifname . oifname @lanes accept
    drop
  }
  chain outward {
    iifname . oifname @lanes accept
    iifname @internal ct state != established,related drop
  }
  chain forward {
    iifname @bridges jump outward
    oifname @bridges jump inward
  }
}
`;
}

/** The elements that stand for a network: set and element, without verb. */
function networkElements({
  bridge,
  subnet,
  internal,
  masquerade,
  talk,
}: BridgeNetwork): readonly (readonly [set: string, element: string])[] {
  const elements: (readonly [string, string])[] = [
    ['bridges', `"${bridge}"`],
    ['own', `"${bridge}" . ${subnet}`],
  ];
  if (talk) elements.push(['lanes', `"${bridge}" . "${bridge}"`]);
  if (internal) elements.push(['internal', `"${bridge}"`]);
  if (masquerade && !internal) elements.push(['masqueraded', subnet]);
  return elements;
}

/** Adds a network to the table. An element that is there already is no error. */
export function networkScript(table: string, network: BridgeNetwork): string {
  return networkElements(network)
    .map(([set, element]) => `add element ip ${table} ${set} { ${element} }\n`)
    .join('');
}

/** Takes a network out of the table. nft 1.0.6 has no `destroy`; adding before deleting makes absence no error. */
export function withoutNetworkScript(table: string, network: BridgeNetwork): string {
  return networkElements(network)
    .map(([set, element]) => `add element ip ${table} ${set} { ${element} }\ndelete element ip ${table} ${set} { ${element} }\n`)
    .join('');
}

/** Where a publication is kept, and under which key. */
export function mapOf({ hostIp }: Publication): string {
  return hostIp === '' ? 'published' : 'published_at';
}

function keyOf({ protocol, hostIp, hostPort }: Publication): string {
  const key = `${protocol} . ${hostPort}`;
  return hostIp === '' ? key : `${hostIp} . ${key}`;
}

function targetOf({ address, containerPort }: Publication): string {
  return `${address} . ${containerPort}`;
}

/**
 * Publishes all ports or none. A port that is published to the same place is no error; one that is published to another is
 * refused by the kernel with EEXIST. `owner` is kept as a comment, for observe.
 */
export function publishScript(table: string, publications: readonly Publication[], owner: string): string {
  const comment = owner.length > COMMENT_LIMIT ? '' : ` comment "${owner}"`;
  return publications.map((port) => `add element ip ${table} ${mapOf(port)} { ${keyOf(port)}${comment} : ${targetOf(port)} }\n`).join('');
}

/** Takes back all ports; absent ones are no error. Fails with EEXIST if one of them now leads elsewhere. */
export function unpublishScript(table: string, publications: readonly Publication[]): string {
  return publications
    .map((port) => {
      const element = `ip ${table} ${mapOf(port)} { ${keyOf(port)} : ${targetOf(port)} }`;
      return `add element ${element}\ndelete element ${element}\n`;
    })
    .join('');
}
