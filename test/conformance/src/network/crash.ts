import { rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { type Call, crashSuite, instancesOf, type Stage, treeOf } from '../crash/index.ts';
import { ruleText } from './rule-text.ts';
import type { NetworkCapabilities, NetworkFactory } from './lab.ts';
import type { TestFunction } from '../in-lab.ts';

const [NETWORK, CONTAINER, ENDPOINT] = ['a', 'b', 'c'].map((digit) => digit.repeat(64)) as [string, string, string];

const UP = ['createNetwork', 'openSandbox', 'attach'];
/** How programs call an interface whose name matters to nobody. */
const RANDOM = /^veth[0-9a-f]{8}$/;
const DOWN = ['detach', 'closeSandbox', 'removeNetwork'];

/** One network, one sandbox and one endpoint with a published port, from nothing to nothing: killed anywhere. */
export function networkCrashChecks(test: TestFunction, factory: NetworkFactory, capabilities: NetworkCapabilities): void {
  crashSuite({ test, name: 'network', verbs: [...UP, ...DOWN], factory: () => stageOf(factory, capabilities) });
}

async function stageOf(
  factory: NetworkFactory,
  { sandbox: own, addresses, ports: publishes }: NetworkCapabilities,
): Promise<Stage<'network'>> {
  const fixture = await factory();
  const { kernel, scratch } = fixture;
  await kernel.links.up('lo');
  const [subnet, gateway] = addresses ? ['198.18.7.0/24', '198.18.7.1'] : ['', ''];
  const parent = fixture.wire === undefined ? {} : { parent: fixture.wire.parent };
  const network = { id: NETWORK, name: 'kit', subnet, gateway, internal: false, options: { ...fixture.options, ...parent } };
  const sandbox = { id: CONTAINER, path: join(scratch, 'netns', CONTAINER) };
  const ports = publishes ? [{ protocol: 'tcp' as const, hostIp: '', hostPort: 28_080, containerPort: 80 }] : [];
  const endpoint = { id: ENDPOINT, container: CONTAINER, network, address: addresses ? '198.18.7.2/24' : '', ports };
  const place = {
    ...(own ? { sandbox: sandbox.path } : {}),
    ifName: 'eth0',
    mac: addresses ? '02:42:c6:12:07:02' : '',
    gateway,
    defaultRoute: true,
  };
  const args: { readonly [verb: string]: object } = {
    createNetwork: { network },
    openSandbox: { ...sandbox, sysctls: {} },
    attach: { ...endpoint, ...place },
    detach: endpoint,
    closeSandbox: sandbox,
    removeNetwork: { network },
  };
  const calls = (verbs: readonly string[]): readonly Call[] => verbs.map((verb) => ({ verb, args: args[verb] ?? {} }));
  const namespaces = async (): Promise<readonly string[]> =>
    (await kernel.mounts.list())
      .filter(({ type, target }) => type === 'nsfs' && target.startsWith(`${scratch}/`))
      .map(({ target }) => target);

  return {
    kernel,
    ...instancesOf(fixture),
    life: calls([...UP, ...DOWN]),
    clear: calls(DOWN),
    async look() {
      const inside = await namespaces();
      return [
        ...(await linksOf()),
        ...(await Promise.all(inside.map(async (path) => (await linksOf(path)).map((link) => `${path}: ${link}`)))).flat(),
        ...(await kernel.firewall.list('list ruleset')).map(ruleText),
        ...inside.map((path) => `namespace ${path}`),
        ...(await treeOf(scratch)),
      ];
    },
    varying: [scratch],
    async reboot() {
      for (const path of await namespaces()) await kernel.namespaces.removeNetwork(path);
      for (const { name } of await kernel.links.list()) if (name !== 'lo') await kernel.links.remove(name);
      await kernel.firewall.apply('flush ruleset\n');
      await rm(dirname(sandbox.path), { recursive: true, force: true });
      if (fixture.runDir !== undefined) await rm(fixture.runDir, { recursive: true, force: true });
      await fixture.boot?.();
    },
    cleanup: () => fixture.cleanup(),
  };

  async function linksOf(namespace?: string): Promise<readonly string[]> {
    const links = await kernel.links.list(namespace);
    return links.map(({ name, kind, up, alias, master, addresses: has }) =>
      [
        name.replace(RANDOM, 'veth'),
        kind,
        up ? 'up' : 'down',
        alias ?? '',
        master ?? '',
        ...has.filter((address) => !address.startsWith('fe80')),
      ].join(' '),
    );
  }
}
