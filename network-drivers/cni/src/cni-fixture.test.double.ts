import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { driverFixture, type NetworkFixture } from '@shiplog/conformance/network';
import { createContext, type Json, type Kernel } from '@shiplog/contracts';
import plugin from './index.ts';

/** Lists that the tests use, by name; a wire is a link of the host that the list names. */
export const LISTS: { readonly [name: string]: readonly Json[] } = {
  bridge: [
    { type: 'bridge', isGateway: true, ipMasq: true, hairpinMode: true, ipam: { type: 'host-local' } },
    { type: 'portmap', capabilities: { portMappings: true } },
    { type: 'firewall', backend: 'iptables', ingressPolicy: 'same-bridge' },
  ],
  ptp: [
    { type: 'ptp', ipMasq: true, ipam: { type: 'host-local' } },
    { type: 'portmap', capabilities: { portMappings: true } },
  ],
  macvlan: [{ type: 'macvlan', master: 'kitwire', mode: 'bridge', capabilities: { mac: true }, ipam: { type: 'static' } }],
};

const [NETWORK, CONTAINER, ENDPOINT] = ['1', '2', '3'].map((digit) => digit.repeat(64)) as [string, string, string];
let booted: Promise<void> | undefined;
const ctx = createContext({ op: 'boot', signal: new AbortController().signal });

/** A fixture whose lists and plugins tests add to. */
export interface CniFixture extends NetworkFixture {
  /** What lists of {@link LISTS} are made of. */
  readonly lists: typeof LISTS;
  /** Where lists are files. */
  readonly directory: string;
  /** Where plugins are looked for before Debian's. */
  readonly plugins: string;
  /** Adds a list. */
  list(name: string, plugins: readonly Json[]): Promise<void>;
}

/** The driver over Debian's plugins, whose networks are of the list `conflist`. */
export async function cniFixture(kernel: Kernel, conflist: string, { wired = false } = {}): Promise<CniFixture> {
  const home = await mkdtemp(join(tmpdir(), 'shiplog-cni-'));
  const [directory, plugins] = [join(home, 'lists'), join(home, 'plugins')];
  for (const made of [directory, plugins]) await mkdir(made);
  const list: CniFixture['list'] = (name, chain) =>
    writeFile(join(directory, `${name}.conflist`), JSON.stringify({ cniVersion: '1.0.0', name, plugins: chain }));
  for (const [name, chain] of Object.entries(LISTS)) await list(name, chain);
  const options = { 'conflist-directory': directory, 'plugin-directories': `${plugins}:/usr/lib/cni` };
  const make = (name: string, isWired: boolean): Promise<NetworkFixture> =>
    driverFixture(plugin, kernel, { wired: isWired, options, networkOptions: { 'cni.conflist': name } });
  const boot = async (): Promise<void> => {
    const other = await make('bridge', false);
    await warmUp(other).finally(() => other.cleanup());
  };
  // The chains are the host's, whichever fixture lays them.
  await (booted ??= boot());
  const fixture = await make(conflist, wired);
  return {
    ...fixture,
    lists: LISTS,
    directory,
    plugins,
    list,
    boot,
    async cleanup() {
      await fixture.cleanup();
      await rm(home, { recursive: true, force: true });
    },
  };
}

/** Attaches something and takes it away: the plugins' own chains, which hold no rules of anybody, stay on the host from then on. */
async function warmUp({ driver, scratch, options = {} }: NetworkFixture): Promise<void> {
  const network = { id: NETWORK, name: 'boot', subnet: '198.19.0.0/24', gateway: '198.19.0.1', internal: false, options: { ...options } };
  const sandbox = join(scratch, 'boot');
  const address = '198.19.0.2/24';
  const ports = [{ protocol: 'tcp' as const, hostIp: '', hostPort: 20_001, containerPort: 80 }];
  await driver.createNetwork({ network }, ctx);
  await driver.openSandbox({ id: CONTAINER, path: sandbox, sysctls: {} }, ctx);
  const endpoint = { id: ENDPOINT, container: CONTAINER, network, address, ports };
  await driver.attach({ ...endpoint, sandbox, ifName: 'eth0', mac: '', gateway: network.gateway, defaultRoute: true }, ctx);
  await driver.detach(endpoint, ctx);
  await driver.closeSandbox({ id: CONTAINER, path: sandbox }, ctx);
  await driver.removeNetwork({ network }, ctx);
}
