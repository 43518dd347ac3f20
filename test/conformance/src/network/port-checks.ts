import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import type { PortBinding } from '@shiplog/contracts';
import type { AddCheck, NetworkCapabilities } from './lab.ts';
import { cannotReach, reach } from './traffic.ts';

const INSIDE = 8000;

function binding(change: Partial<PortBinding> = {}): PortBinding {
  return { protocol: 'tcp', hostIp: '', hostPort: randomInt(20_000, 30_000), containerPort: INSIDE, ...change };
}

/** Lets a namespace send to loopback addresses through its wire, as an attacker on it would. */
async function misroutesLoopback(namespace: string, via: string): Promise<void> {
  const script = `
    echo 1 > /proc/sys/net/ipv4/conf/wire0/route_localnet
    ip addr del 127.0.0.1/8 dev lo
    ip route add 127.0.0.0/8 via ${via}`;
  const child = spawn('nsenter', [`--net=${namespace}`, 'sh', '-ec', script], { stdio: 'inherit' });
  const [code] = (await once(child, 'close')) as [number];
  assert.equal(code, 0);
}

/** Checks for drivers that publish ports. */
export function portChecks(check: AddCheck, { routed }: NetworkCapabilities): void {
  check('given a published port, when the host asks its loopback address, then the container answers', async (lab) => {
    const network = await lab.makeNetwork();
    const [tcp, udp] = [binding(), binding({ protocol: 'udp' })];
    const server = await lab.container(network, 2, [tcp, udp]);
    await lab.serve(server.sandbox, 'tcp', INSIDE);
    await lab.serve(server.sandbox, 'udp', INSIDE);
    await reach(undefined, 'tcp', '127.0.0.1', tcp.hostPort);
    await reach(undefined, 'udp', '127.0.0.1', udp.hostPort);
    if (routed) await reach(undefined, 'tcp', network.gateway, tcp.hostPort);
  });

  check('given a published port, when a neighbour asks the host, then the container answers and sees the neighbour', async (lab) => {
    const network = await lab.makeNetwork();
    const [tcp, udp] = [binding(), binding({ protocol: 'udp' })];
    const server = await lab.container(network, 2, [tcp, udp]);
    await lab.serve(server.sandbox, 'tcp', INSIDE);
    await lab.serve(server.sandbox, 'udp', INSIDE);
    const outside = await lab.outside();
    assert.equal(await reach(outside.path, 'tcp', outside.host, tcp.hostPort), outside.address);
    assert.equal(await reach(outside.path, 'udp', outside.host, udp.hostPort), outside.address);
  });

  check('given a port published on loopback alone, when a neighbour asks for it, then nothing answers', async (lab) => {
    const network = await lab.makeNetwork();
    const port = binding({ hostIp: '127.0.0.1' });
    const server = await lab.container(network, 2, [port]);
    await lab.serve(server.sandbox, 'tcp', INSIDE);
    const outside = await lab.outside();
    await reach(undefined, 'tcp', '127.0.0.1', port.hostPort);
    await cannotReach(outside.path, 'tcp', outside.host, port.hostPort);
    await misroutesLoopback(outside.path, outside.host);
    await cannotReach(outside.path, 'tcp', '127.0.0.1', port.hostPort);
  });

  check('given a published port, when its container is detached, then nothing answers and another can have it', async (lab) => {
    const network = await lab.makeNetwork();
    const port = binding();
    const first = await lab.container(network, 2, [port]);
    await lab.serve(first.sandbox, 'tcp', INSIDE);
    await reach(undefined, 'tcp', '127.0.0.1', port.hostPort);
    await lab.detach(first);
    await cannotReach(undefined, 'tcp', '127.0.0.1', port.hostPort);
    const second = await lab.container(network, 3, [port]);
    await lab.serve(second.sandbox, 'tcp', INSIDE);
    await reach(undefined, 'tcp', '127.0.0.1', port.hostPort);
    // A late repetition of the first undo does not take the second one's port.
    await lab.detach(first);
    await reach(undefined, 'tcp', '127.0.0.1', port.hostPort);
  });

  check('given a port of one container, when another publishes it, then PORT_IN_USE and nothing stays', async (lab) => {
    const network = await lab.makeNetwork();
    const [taken, free] = [binding(), binding({ protocol: 'udp' })];
    await lab.container(network, 2, [taken]);
    const sandbox = await lab.openSandbox();
    const second = lab.endpoint(network, sandbox, 3, [free, taken]);
    const error = await lab.failsWithoutTrace('PORT_IN_USE', () => lab.driver.attach(second, lab.ctx()));
    assert.match(error.message, new RegExp(`Bind for 0\\.0\\.0\\.0:${taken.hostPort} failed: port is already allocated`));
    await lab.attach(lab.endpoint(network, sandbox, 3, [free]));
  });

  check('given a port a program of the host listens on, when a container publishes it, then PORT_IN_USE and nothing stays', async (lab) => {
    const network = await lab.makeNetwork();
    const sandbox = await lab.openSandbox();
    for (const protocol of ['tcp', 'udp'] as const) {
      const port = binding({ protocol });
      const server = await lab.serve(undefined, protocol, port.hostPort);
      const endpoint = lab.endpoint(network, sandbox, 2, [port]);
      const error = await lab.failsWithoutTrace('PORT_IN_USE', () => lab.driver.attach(endpoint, lab.ctx()));
      assert.match(error.message, /address already in use/);
      await server.stop();
    }
  });

  check('given one port, when two containers publish it at once, then one has it', async (lab) => {
    const network = await lab.makeNetwork();
    const port = binding();
    const sandboxes = [await lab.openSandbox(), await lab.openSandbox()];
    const ended = await Promise.allSettled(
      sandboxes.map((sandbox, index) => lab.attach(lab.endpoint(network, sandbox, 2 + index, [port]))),
    );
    assert.deepEqual(ended.map(({ status }) => status).toSorted(), ['fulfilled', 'rejected']);
  });

  check('given a port published again, when the endpoint is attached twice, then it is published once', async (lab) => {
    const network = await lab.makeNetwork();
    const endpoint = await lab.container(network, 2, [binding(), binding({ protocol: 'sctp' }), binding({ hostIp: '127.0.0.1' })]);
    const rules = await lab.rules();
    await lab.driver.attach(endpoint, lab.ctx());
    assert.equal(await lab.rules(), rules);
  });

  check('given a busy host, when free ports are asked for, then they are free, distinct and not those to avoid', async (lab) => {
    const network = await lab.makeNetwork();
    const { ports: first } = await lab.driver.freePorts({ count: 4, avoid: [] }, lab.ctx());
    const [listened, published, avoided] = first;
    assert.ok(listened !== undefined && published !== undefined && avoided !== undefined);
    await lab.serve(undefined, 'tcp', listened);
    await lab.container(network, 2, [binding({ hostPort: published })]);
    const { ports } = await lab.driver.freePorts({ count: 40, avoid: [avoided] }, lab.ctx());
    assert.equal(new Set(ports).size, 40);
    assert.ok(ports.every((port) => port >= 49_153 && port <= 65_535));
    for (const port of [listened, published, avoided]) assert.ok(!ports.includes(port), `${port} is not free`);
    assert.deepEqual(await lab.driver.freePorts({ count: 0, avoid: [] }, lab.ctx()), { ports: [] });
  });

  if (routed) routedPortChecks(check);
}

/** What containers reach by the gateway, which is the host. */
function routedPortChecks(check: AddCheck): void {
  check(
    'given a published port, when containers ask the host for it, then it answers: itself, its neighbour, another network',
    async (lab) => {
      const [network, other] = [await lab.makeNetwork(), await lab.makeNetwork()];
      const port = binding();
      const server = await lab.container(network, 2, [port]);
      const [neighbour, far] = [await lab.container(network, 3), await lab.container(other, 2)];
      await lab.serve(server.sandbox, 'tcp', INSIDE);
      await reach(neighbour.sandbox, 'tcp', network.gateway, port.hostPort);
      await reach(server.sandbox, 'tcp', network.gateway, port.hostPort);
      await reach(far.sandbox, 'tcp', other.gateway, port.hostPort);
    },
  );

  check('given a server on the loopback address of the host, when a container misroutes to it, then nothing answers', async (lab) => {
    const network = await lab.makeNetwork();
    const client = await lab.attach({ ...lab.endpoint(network, await lab.openSandbox(), 2), ifName: 'wire0' });
    const port = randomInt(20_000, 30_000);
    await lab.serve(undefined, 'tcp', port);
    assert.ok(client.sandbox !== undefined);
    await reach(client.sandbox, 'tcp', network.gateway, port);
    await misroutesLoopback(client.sandbox, network.gateway);
    await cannotReach(client.sandbox, 'tcp', '127.0.0.1', port);
  });
}
