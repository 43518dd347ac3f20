import assert from 'node:assert/strict';
import type { AddCheck, NetworkCapabilities } from './lab.ts';
import { cannotReach, reach } from './traffic.ts';

const PORT = 8000;

/** The address of a CIDR. */
function bare(cidr: string): string {
  return cidr.split('/')[0] ?? '';
}

/** Checks for drivers that give addresses: who reaches whom. */
export function addressChecks(check: AddCheck, { mac, routed }: NetworkCapabilities): void {
  check(
    `given an endpoint, when the sandbox is looked into, then interface, address, ${mac ? 'hardware address ' : ''}and routes are as asked`,
    async (lab) => {
      const network = await lab.makeNetwork();
      const endpoint = await lab.container(network, 7);
      const link = (await lab.kernel.links.list(endpoint.sandbox)).find(({ name }) => name === endpoint.ifName);
      assert.equal(link?.up, true);
      if (mac) assert.equal(link?.mac, endpoint.mac);
      assert.deepEqual(link?.addresses, [endpoint.address]);
      assert.deepEqual((await lab.kernel.links.routes(endpoint.sandbox)).toSorted(), [
        { to: 'default', device: 'eth0' },
        { to: network.subnet, device: 'eth0' },
      ]);
    },
  );

  check('given two networks, when a container joins both, then it has two interfaces and one default route', async (lab) => {
    const [first, second] = [await lab.makeNetwork(), await lab.makeNetwork()];
    const sandbox = await lab.openSandbox();
    await lab.attach(lab.endpoint(first, sandbox, 2));
    await lab.attach({ ...lab.endpoint(second, sandbox, 2), ifName: 'eth1', defaultRoute: false });
    const routes = await lab.kernel.links.routes(sandbox.path);
    assert.deepEqual(
      routes.filter(({ to }) => to === 'default'),
      [{ to: 'default', device: 'eth0' }],
    );
    assert.ok(routes.some(({ to, device }) => to === second.subnet && device === 'eth1'));
  });

  check('given a sandbox that is not there, when an endpoint is attached, then that fails and nothing stays', async (lab) => {
    const network = await lab.makeNetwork();
    const endpoint = lab.endpoint(network, lab.sandbox(), 2, [{ protocol: 'tcp', hostIp: '', hostPort: 28_082, containerPort: 80 }]);
    await lab.failsWithoutTrace('KERNEL_CALL_FAILED', () => lab.driver.attach(endpoint, lab.ctx()));
  });

  check('given two containers on a network, when one asks the other, then it answers and sees the address', async (lab) => {
    const network = await lab.makeNetwork();
    const [server, client] = [await lab.container(network, 2), await lab.container(network, 3)];
    await lab.serve(server.sandbox, 'tcp', PORT);
    assert.equal(await reach(client.sandbox, 'tcp', bare(server.address), PORT), bare(client.address));
  });

  check('given two networks, when a container of one asks one of the other, then nothing answers', async (lab) => {
    const [first, second] = [await lab.makeNetwork(), await lab.makeNetwork()];
    const [client, server] = [await lab.container(first, 2), await lab.container(second, 2)];
    await lab.serve(server.sandbox, 'tcp', PORT);
    await cannotReach(client.sandbox, 'tcp', bare(server.address), PORT);
    if (routed) assert.equal(await reach(undefined, 'tcp', bare(server.address), PORT), second.gateway);
  });

  check('given an internal network, when its containers ask, then they reach each other and nothing outside', async (lab) => {
    const network = await lab.makeNetwork({ internal: true });
    const [first, second] = [await lab.container(network, 2), await lab.container(network, 3)];
    const outside = await lab.outside();
    await lab.serve(second.sandbox, 'tcp', PORT);
    await lab.serve(outside.path, 'tcp', PORT);
    assert.equal(await reach(first.sandbox, 'tcp', bare(second.address), PORT), bare(first.address));
    await cannotReach(first.sandbox, 'tcp', outside.address, PORT);
    // Also when the container makes itself a route.
    await lab.kernel.links.addRoute({ to: 'default', via: network.gateway }, first.sandbox);
    await cannotReach(first.sandbox, 'tcp', outside.address, PORT);
  });
}

/** Checks for drivers that make the host each network's router. */
export function routedChecks(check: AddCheck): void {
  check('given a server in a container, when the host asks it, then it answers', async (lab) => {
    const network = await lab.makeNetwork();
    const endpoint = await lab.container(network, 2);
    await lab.serve(endpoint.sandbox, 'tcp', PORT);
    assert.equal(await reach(undefined, 'tcp', bare(endpoint.address), PORT), network.gateway);
  });

  check('given a neighbour of the host, when a container asks it, then it sees the address of the host', async (lab) => {
    const network = await lab.makeNetwork();
    const client = await lab.container(network, 2);
    const outside = await lab.outside();
    await lab.serve(outside.path, 'tcp', PORT);
    await lab.serve(outside.path, 'udp', PORT);
    assert.equal(await reach(client.sandbox, 'tcp', outside.address, PORT), outside.host);
    assert.equal(await reach(client.sandbox, 'udp', outside.address, PORT), outside.host);
  });

  check('given a neighbour with a route, when it asks a container for a port that is not published, then nothing answers', async (lab) => {
    const network = await lab.makeNetwork();
    const server = await lab.container(network, 2);
    await lab.serve(server.sandbox, 'tcp', PORT);
    const outside = await lab.outside();
    await lab.kernel.links.addRoute({ to: network.subnet, via: outside.host }, outside.path);
    await cannotReach(outside.path, 'tcp', bare(server.address), PORT);
  });
}

/** Checks for drivers that put containers on a wire beside the host. */
export function wiredChecks(check: AddCheck): void {
  check(
    'given a neighbour on the wire, when it and a container ask each other, then both answer and see whom they talk to',
    async (lab) => {
      const network = await lab.makeNetwork();
      const container = await lab.container(network, 2);
      const neighbour = await lab.neighbour(network);
      await lab.serve(container.sandbox, 'tcp', PORT);
      await lab.serve(neighbour, 'udp', PORT);
      assert.equal(await reach(neighbour, 'tcp', bare(container.address), PORT), network.gateway);
      assert.equal(await reach(container.sandbox, 'udp', network.gateway, PORT), bare(container.address));
    },
  );

  check('given a server in a container, when the host asks it on the parent, then nothing answers', async (lab) => {
    const network = await lab.makeNetwork();
    const container = await lab.container(network, 2);
    await lab.serve(container.sandbox, 'tcp', PORT);
    await lab.kernel.links.addRoute({ to: network.subnet, device: lab.parent });
    await cannotReach(undefined, 'tcp', bare(container.address), PORT);
  });
}
