import type { Probe } from '@shiplog/contracts';
import type { DriverOptions, DriverServices } from '@shiplog/driver-kit';

/** What the operator says of registries. Each is `host`, which means any port, or `host:port`. */
export interface Hosts {
  /** Nobody else is asked. Absent: anybody is. */
  readonly only?: readonly string[];
  /** May speak plain HTTP, or show a certificate that nobody knows; loopback always may. */
  readonly insecure: readonly string[];
  /** Asked before Docker's hub for what is to be had there. */
  readonly mirrors: readonly string[];
  /** Directories with certificates by host. */
  readonly certs: readonly string[];
}

const HOST = /^(?:[A-Za-z0-9.-]+|\[[0-9A-Fa-f:]+\])(?::[0-9]{1,5})?$/;
const HUB = 'docker.io';
const HUB_REGISTRY = 'registry-1.docker.io';

/** Reads the options `only`, `insecure` and `mirrors` (`host`, `host:port` or a URL of it; with `http:` it may do without TLS), and the directories `certs`; lists with blanks or commas between. */
export function readHosts(options: DriverOptions): Hosts {
  const list = (text: string | undefined): readonly string[] => (text ?? '').split(/[\s,]+/).filter((host) => host !== '');
  const only = list(options['only']);
  const mirrors = list(options['mirrors']);
  const plain = mirrors.filter((mirror) => mirror.startsWith('http:')).map(hostIn);
  return {
    ...(only.length === 0 ? {} : { only }),
    insecure: [...list(options['insecure']), ...plain],
    mirrors: mirrors.map(hostIn),
    certs: list(options['certs']),
  };
}

/** Can they be read? */
export async function probeOptions({ options }: Pick<DriverServices, 'options'>): Promise<Probe> {
  const { only = [], insecure, mirrors } = readHosts(options);
  const wrong = [...only, ...insecure, ...mirrors].find((host) => !HOST.test(host));
  if (wrong === undefined) return { usable: true };
  return { usable: false, reason: `its options name ${JSON.stringify(wrong)}, which is no host or host:port` };
}

export function isAsked(host: string, { only }: Hosts): boolean {
  return only === undefined || isListed(host, only);
}

/** As Docker has it: loopback is the machine itself. */
export function isInsecure(host: string, { insecure }: Hosts): boolean {
  const name = nameOf(host);
  return name === 'localhost' || name === '[::1]' || /^127\.\d+\.\d+\.\d+$/.test(name) || isListed(host, insecure);
}

/** Where the registry that a reference names is to be reached: Docker's hub has another name for it. */
export function addressOf(domain: string): string {
  return domain === HUB ? HUB_REGISTRY : domain;
}

/** Who may be asked in its place. */
export function mirrorsOf(domain: string, { mirrors }: Hosts): readonly string[] {
  return domain === HUB ? mirrors : [];
}

function hostIn(text: string): string {
  return text.replace(/^https?:\/\//, '').replace(/\/$/, '');
}

function isListed(host: string, list: readonly string[]): boolean {
  return list.includes(host) || list.includes(nameOf(host)) || (host === HUB_REGISTRY && list.includes(HUB));
}

function nameOf(host: string): string {
  return host.replace(/:\d+$/, '');
}
