// time limit: 300 s
import { randomBytes } from 'node:crypto';
import { access, chmod, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { apart } from '@shiplog/conformance/network';
import { createContext, type Json, type NetworkDriver, type PortBinding, ShiplogError } from '@shiplog/contracts';
import { createKernel } from '@shiplog/kernel-linux';
import { run } from '@shiplog/test-support';
import { type CniFixture, cniFixture } from './cni-fixture.test.double.ts';

type Network = Parameters<NetworkDriver['createNetwork']>[0]['network'];
type Attach = Parameters<NetworkDriver['attach']>[0];

const kernel = createKernel();
const ctx = createContext({ op: 'test', signal: new AbortController().signal });
const freshId = (): string => randomBytes(32).toString('hex');

function networkOf(conflist: string, change: Partial<Network> = {}): Network {
  const options = { 'cni.conflist': conflist };
  return { id: freshId(), name: 'n', subnet: '198.18.3.0/24', gateway: '198.18.3.1', internal: false, options, ...change };
}

async function endpointOf(fixture: CniFixture, network: Network, host: number, ports: readonly PortBinding[] = []): Promise<Attach> {
  const container = freshId();
  const sandbox = join(fixture.scratch, 'netns', container);
  await fixture.driver.openSandbox({ id: container, path: sandbox, sysctls: {} }, ctx);
  return {
    id: freshId(),
    container,
    network,
    sandbox,
    ifName: 'eth0',
    address: `198.18.3.${host}/24`,
    mac: `02:42:c6:12:03:0${host}`,
    gateway: network.gateway,
    defaultRoute: true,
    ports: [...ports],
  };
}

async function leave({ driver }: CniFixture, ...endpoints: readonly Attach[]): Promise<void> {
  for (const { id, container, network, address, ports, sandbox = '' } of endpoints) {
    await driver.detach({ id, container, network, address, ports }, ctx);
    await driver.closeSandbox({ id: container, path: sandbox }, ctx);
  }
}

/** All rules of the firewall that are somebody's: those of the plugins' own chains name nobody. */
async function rules(): Promise<readonly string[]> {
  const listed = await kernel.firewall.list('list ruleset');
  return listed
    .filter((object) => 'rule' in object || 'chain' in object)
    .map((object) => JSON.stringify(object, (key, value: unknown) => (key === 'handle' || key === 'counter' ? undefined : value)));
}

async function refused(work: Promise<unknown>, code: string): Promise<string> {
  const error: unknown = await work.then(
    () => undefined,
    (failure: unknown) => failure,
  );
  assert.ok(error instanceof ShiplogError, `expected ${code}, got ${String(error)}`);
  assert.is(error.code, code, error.message);
  return error.message;
}

/** Asks from inside `namespace` with busybox, which pings by a datagram socket or a raw one. */
async function answers(namespace: string, address: string): Promise<boolean> {
  const { code } = await run('nsenter', [`--net=${namespace}`, '/bin/busybox', 'ping', '-c', '1', '-W', '5', address]);
  return code === 0;
}

const exists = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  );

/** A plugin that is a shell script, in the fixture's own directory. */
async function script(fixture: CniFixture, name: string, body: string): Promise<void> {
  const versions = '{"cniVersion":"1.0.0","supportedVersions":["0.4.0","1.0.0"]}';
  const path = join(fixture.plugins, name);
  await writeFile(path, `#!/bin/sh\n[ "$CNI_COMMAND" != VERSION ] || { echo '${versions}'; exit; }\n${body}\n`);
  await chmod(path, 0o755);
}

function tests(): void {
  const test = suite<{ fixture: CniFixture }>('network-cni: plugins on the real kernel');
  test.before.each(async (context) => {
    context.fixture = await cniFixture(kernel, 'bridge', { wired: true });
  });
  test.after.each(({ fixture }) => fixture.cleanup());

  test('given a list of ptp and portmap, when two containers join, then they reach the host and each other, and leave nothing', async ({
    fixture,
  }) => {
    const before = await rules();
    const links = (await kernel.links.list()).length;
    const network = networkOf('ptp');
    await fixture.driver.createNetwork({ network }, ctx);
    const port = { protocol: 'tcp', hostIp: '', hostPort: 20_080, containerPort: 80 } as const;
    const [first, second] = [await endpointOf(fixture, network, 2, [port]), await endpointOf(fixture, network, 3)];
    await fixture.driver.attach(first, ctx);
    await fixture.driver.attach(second, ctx);
    assert.ok(await answers(first.sandbox ?? '', '198.18.3.1'));
    assert.ok(await answers(first.sandbox ?? '', '198.18.3.3'));
    assert.ok((await rules()).length > before.length);
    await leave(fixture, first, second);
    await fixture.driver.removeNetwork({ network }, ctx);
    assert.equal(await rules(), before);
    assert.is((await kernel.links.list()).length, links);
    assert.equal(await fixture.driver.observe(), []);
  });

  test('given a list of macvlan, when a container joins, then it is on the wire with its hardware address, and ports are refused', async ({
    fixture,
  }) => {
    const network = networkOf('macvlan');
    await fixture.driver.createNetwork({ network }, ctx);
    const first = await endpointOf(fixture, network, 2);
    await fixture.driver.attach(first, ctx);
    const link = (await kernel.links.list(first.sandbox)).find(({ name }) => name === 'eth0');
    assert.equal([link?.kind, link?.mac, link?.addresses], ['macvlan', first.mac, [first.address]]);
    const { wire } = fixture;
    assert.ok(wire !== undefined);
    await kernel.links.addAddress(wire.link, '198.18.3.1/24', wire.namespace);
    assert.ok(await answers(wire.namespace, '198.18.3.2'));
    const second = await endpointOf(fixture, network, 3, [{ protocol: 'tcp', hostIp: '', hostPort: 20_080, containerPort: 80 }]);
    assert.match(await refused(fixture.driver.attach(second, ctx), 'NOT_SUPPORTED'), /portmap/);
    await leave(fixture, first, second);
    assert.equal(await fixture.driver.observe(), []);
  });

  test('given an endpoint with a published port whose namespace is gone, when it is detached, then no rule of it stays', async ({
    fixture,
  }) => {
    const network = networkOf('bridge');
    await fixture.driver.createNetwork({ network }, ctx);
    const before = await rules();
    const endpoint = await endpointOf(fixture, network, 2, [{ protocol: 'tcp', hostIp: '', hostPort: 20_081, containerPort: 80 }]);
    await fixture.driver.attach(endpoint, ctx);
    await fixture.driver.closeSandbox({ id: endpoint.container, path: endpoint.sandbox ?? '' }, ctx);
    await leave(fixture, endpoint);
    assert.equal(await rules(), before);
    await fixture.driver.removeNetwork({ network }, ctx);
  });

  test('given an endpoint whose rules somebody flushed, when it is detached, with its namespace or without, then that succeeds', async ({
    fixture,
  }) => {
    const network = networkOf('bridge');
    await fixture.driver.createNetwork({ network }, ctx);
    const endpoints = [await endpointOf(fixture, network, 2), await endpointOf(fixture, network, 3)];
    for (const endpoint of endpoints) await fixture.driver.attach(endpoint, ctx);
    await kernel.firewall.apply('flush ruleset\n');
    const [first, second] = endpoints;
    assert.ok(first !== undefined && second !== undefined);
    await fixture.driver.closeSandbox({ id: first.container, path: first.sandbox ?? '' }, ctx);
    await leave(fixture, first, second);
    assert.equal(await fixture.driver.observe(), []);
    await fixture.driver.removeNetwork({ network }, ctx);
    await fixture.boot?.();
  });

  test('given an endpoint that somebody broke, when it is attached again, then CHECK finds it and it is made anew', async ({ fixture }) => {
    const network = networkOf('bridge');
    await fixture.driver.createNetwork({ network }, ctx);
    const endpoint = await endpointOf(fixture, network, 2);
    await fixture.driver.attach(endpoint, ctx);
    const index = async () => (await kernel.links.list(endpoint.sandbox)).find(({ name }) => name === 'eth0')?.index;
    const made = await index();
    await fixture.driver.attach(endpoint, ctx);
    assert.is(await index(), made);
    await kernel.links.remove('eth0', endpoint.sandbox);
    await fixture.driver.attach(endpoint, ctx);
    assert.is.not(await index(), made);
    assert.ok(await answers(endpoint.sandbox ?? '', '198.18.3.1'));
    await leave(fixture, endpoint);
    await fixture.driver.removeNetwork({ network }, ctx);
  });

  test('given a list that forbids CHECK, when an endpoint with a port is attached again, then it is kept, unless its interface is gone', async ({
    fixture,
  }) => {
    const list = { cniVersion: '1.0.0', name: 'unchecked', disableCheck: true, plugins: fixture.lists['bridge'] };
    await writeFile(join(fixture.directory, 'unchecked.conflist'), JSON.stringify(list));
    const network = networkOf('unchecked');
    await fixture.driver.createNetwork({ network }, ctx);
    const endpoint = await endpointOf(fixture, network, 2, [{ protocol: 'tcp', hostIp: '', hostPort: 20_083, containerPort: 80 }]);
    await fixture.driver.attach(endpoint, ctx);
    const index = async () => (await kernel.links.list(endpoint.sandbox)).find(({ name }) => name === 'eth0')?.index;
    const made = await index();
    await fixture.driver.attach(endpoint, ctx);
    assert.is(await index(), made);
    await kernel.links.remove('eth0', endpoint.sandbox);
    await fixture.driver.attach(endpoint, ctx);
    assert.is.not(await index(), undefined);
    await leave(fixture, endpoint);
    await fixture.driver.removeNetwork({ network }, ctx);
  });

  test('given a chain whose last plugin fails, when an endpoint is attached, then it says so in its own words and nothing stays', async ({
    fixture,
  }) => {
    await script(
      fixture,
      'failing',
      `[ "$CNI_COMMAND" = ADD ] || exit 0\necho '{"cniVersion":"1.0.0","code":100,"msg":"no luck","details":"today"}'\nexit 1`,
    );
    await fixture.list('failing', [...fixture.lists['bridge']!, { type: 'failing' }]);
    const network = networkOf('failing');
    await fixture.driver.createNetwork({ network }, ctx);
    const before = await rules();
    const endpoint = await endpointOf(fixture, network, 2, [{ protocol: 'tcp', hostIp: '', hostPort: 20_082, containerPort: 80 }]);
    assert.is(await refused(fixture.driver.attach(endpoint, ctx), 'DRIVER_FAILED'), 'CNI plugin failing failed at ADD: no luck; today');
    assert.equal(await rules(), before);
    assert.equal(
      (await kernel.links.list(endpoint.sandbox)).map(({ name }) => name),
      ['lo'],
    );
    await leave(fixture, endpoint);
    await fixture.driver.removeNetwork({ network }, ctx);
    assert.equal(await fixture.driver.observe(), []);
  });

  test('given plugins that lie, when an endpoint is attached, then that fails and nothing stays', async ({ fixture }) => {
    const lies: readonly (readonly [string, RegExp])[] = [
      [`echo not json`, /no JSON object/],
      [`echo '{"cniVersion":"9.0.0"}'`, /cniVersion/],
      [`echo '{"cniVersion":"1.0.0","interfaces":[{"name":"../../etc"}]}'`, /interfaces/],
      [`echo '{"cniVersion":"1.0.0","ips":[{"address":"198.18.3.2/24"}]}'`, /has not the address/],
      [`kill -9 $$`, /exit code 137/],
    ];
    for (const [index, [lie, words]] of lies.entries()) {
      await script(fixture, 'liar', `[ "$CNI_COMMAND" = ADD ] || exit 0\n${lie}`);
      await fixture.list(`liar${index}`, [{ type: 'liar', ipam: { type: 'static' } }]);
      const network = networkOf(`liar${index}`);
      await fixture.driver.createNetwork({ network }, ctx);
      const endpoint = await endpointOf(fixture, network, 2);
      assert.match(await refused(fixture.driver.attach(endpoint, ctx), 'DRIVER_FAILED'), words);
      assert.equal(
        (await fixture.driver.observe()).filter(({ resource }) => resource === 'endpoint'),
        [],
      );
      await leave(fixture, endpoint);
      await fixture.driver.removeNetwork({ network }, ctx);
    }
  });

  test('given a plugin, when it runs, then it has what the specification says and nothing else of this process', async ({ fixture }) => {
    process.env['SHIPLOG_TEST_SECRET'] = 'not for plugins';
    const seen = join(fixture.scratch, 'seen');
    await script(
      fixture,
      'looking',
      `[ "$CNI_COMMAND" = CHECK ] || { /bin/busybox env | /bin/busybox sort >>${seen}; /bin/busybox cat >>${seen}; echo >>${seen}; }\n` +
        `[ "$CNI_COMMAND" != ADD ] || echo '{"cniVersion":"1.0.0","interfaces":[]}'`,
    );
    await fixture.list('looking', [...fixture.lists['bridge']!, { type: 'looking', capabilities: { mac: true }, own: [1] }]);
    const network = networkOf('looking');
    await fixture.driver.createNetwork({ network }, ctx);
    const endpoint = await endpointOf(fixture, network, 2);
    await fixture.driver.attach(endpoint, ctx);
    await leave(fixture, endpoint);
    delete process.env['SHIPLOG_TEST_SECRET'];
    const [added = '', deleted = ''] = (await readFile(seen, 'utf8')).split(/(?<=\n\{.*\}\n)/);
    const environment = (command: string): readonly string[] => [
      `CNI_ARGS=IgnoreUnknown=1;MAC=${endpoint.mac}`,
      `CNI_COMMAND=${command}`,
      `CNI_CONTAINERID=${endpoint.id}`,
      'CNI_IFNAME=eth0',
      `CNI_NETNS=${endpoint.sandbox ?? ''}`,
      `CNI_PATH=${fixture.plugins}:/usr/lib/cni`,
      'PATH=/usr/sbin:/usr/bin:/sbin:/bin',
    ];
    for (const [command, text] of [
      ['ADD', added],
      ['DEL', deleted],
    ] as const) {
      const lines = text.trim().split('\n');
      const own = lines.slice(0, -1).filter((line) => !/^(PWD|SHLVL|_)=/.test(line));
      assert.equal(own, environment(command));
      const { prevResult, ...given } = JSON.parse(lines.at(-1) ?? '') as { readonly [key: string]: Json };
      assert.equal(given, { type: 'looking', own: [1], name: 'looking', cniVersion: '1.0.0', runtimeConfig: { mac: endpoint.mac } });
      const { ips } = prevResult as { readonly ips?: readonly { readonly address: string }[] };
      // DEL is given what the last plugin answered, which here is nothing.
      assert.equal(
        ips?.map(({ address }) => address),
        command === 'ADD' ? [endpoint.address] : undefined,
      );
    }
    await fixture.driver.removeNetwork({ network }, ctx);
  });

  test('given a bridge of the operator that a list names, when its network goes, then it stays', async ({ fixture }) => {
    await kernel.links.createBridge('opbr0', { up: true });
    await fixture.list('named', [{ type: 'bridge', bridge: 'opbr0', ipam: { type: 'static' } }]);
    const network = networkOf('named');
    await fixture.driver.createNetwork({ network }, ctx);
    const endpoint = await endpointOf(fixture, network, 2);
    await fixture.driver.attach(endpoint, ctx);
    await leave(fixture, endpoint);
    await fixture.driver.removeNetwork({ network }, ctx);
    assert.ok((await kernel.links.list()).some(({ name }) => name === 'opbr0'));
    await kernel.links.remove('opbr0');
  });

  test('given an engine that was killed while a plugin runs, when the next one deletes, then the plugin has ended before', async ({
    fixture,
  }) => {
    const [began, trace] = [join(fixture.scratch, 'began'), join(fixture.scratch, 'trace')];
    await script(
      fixture,
      'slow',
      `[ "$CNI_COMMAND" != ADD ] || { : >${began}; /bin/busybox sleep 1; echo added >>${trace}; echo '{"cniVersion":"1.0.0"}'; }\n` +
        `[ "$CNI_COMMAND" != DEL ] || echo deleted >>${trace}`,
    );
    await fixture.list('slow', [{ type: 'slow', ipam: { type: 'static' } }]);
    const network = networkOf('slow');
    await fixture.driver.createNetwork({ network }, ctx);
    const endpoint = await endpointOf(fixture, network, 2);
    const attaching = fixture.driver.attach(endpoint, ctx).catch(() => undefined);
    while (!(await exists(began))) await sleep(5);
    const next = await fixture.restart();
    await next.removeEndpoint({ id: endpoint.id }, ctx);
    assert.equal((await readFile(trace, 'utf8')).split('\n').slice(0, 2), ['added', 'deleted']);
    await attaching;
    await next.closeSandbox({ id: endpoint.container, path: endpoint.sandbox ?? '' }, ctx);
    await next.removeNetwork({ network }, ctx);
  });

  test('given what cannot be meant, when a network is made, then it is refused, says what to do, and nothing is there', async ({
    fixture,
  }) => {
    await fixture.list('dhcp', [{ type: 'macvlan', master: 'kitwire', ipam: { type: 'dhcp' } }]);
    await fixture.list('missing', [{ type: 'nosuch', ipam: { type: 'static' } }]);
    await fixture.list('bare', [{ type: 'bridge' }]);
    await fixture.list('other', [{ type: 'bridge', ipam: { type: 'host-local', ranges: [[{ subnet: '10.1.0.0/16' }]] } }]);
    await writeFile(join(fixture.directory, 'broken.conflist'), '{');
    const before = { links: (await kernel.links.list()).length, rules: await rules() };
    const make = (network: Network): Promise<unknown> => fixture.driver.createNetwork({ network }, ctx);
    assert.match(
      await refused(make(networkOf('')), 'REQUEST_INVALID'),
      /cni\.conflist=NAME; there are .*bridge.*broken\.conflist: .*not JSON/,
    );
    assert.match(await refused(make(networkOf('nowhere')), 'REQUEST_INVALID'), /'nowhere'/);
    assert.match(await refused(make(networkOf('dhcp')), 'NOT_SUPPORTED'), /host-local or static/);
    assert.match(await refused(make(networkOf('missing')), 'HOST_UNSUITABLE'), /no CNI plugin nosuch/);
    assert.match(await refused(make(networkOf('bare')), 'REQUEST_INVALID'), /no ipam/);
    assert.match(await refused(make(networkOf('other')), 'REQUEST_INVALID'), /--subnet 10\.1\.0\.0\/16/);
    assert.match(await refused(make(networkOf('ptp', { internal: true })), 'NOT_SUPPORTED'), /begins with bridge/);
    assert.equal({ links: (await kernel.links.list()).length, rules: await rules() }, before);
  });

  test.run();
}

if (await apart(import.meta.filename)) tests();
