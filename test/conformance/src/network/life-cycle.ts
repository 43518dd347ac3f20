import assert from 'node:assert/strict';
import { stat } from 'node:fs/promises';
import type { AddCheck, NetworkCapabilities } from './lab.ts';

async function isThere(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    (error: NodeJS.ErrnoException) => {
      assert.equal(error.code, 'ENOENT');
      return false;
    },
  );
}

/** Checks for every driver: verbs once, twice, side by side, undone before they are done, and after a restart. */
export function lifeCycleChecks(check: AddCheck, { sandbox: own, addresses, routed }: NetworkCapabilities): void {
  check('given nothing, when everything is undone, then that succeeds', async (lab) => {
    const network = lab.network();
    const sandbox = lab.sandbox();
    const endpoint = lab.endpoint(network, sandbox, 2, [{ protocol: 'tcp', hostIp: '', hostPort: 28_080, containerPort: 80 }]);
    for (let times = 0; times < 2; times += 1) {
      await lab.detach(endpoint);
      await lab.driver.closeSandbox(sandbox, lab.ctx());
      await lab.driver.removeNetwork({ network }, lab.ctx());
    }
    assert.deepEqual(await lab.observed(), []);
  });

  check('given a network, when it is made again, then nothing changes', async (lab) => {
    const network = await lab.makeNetwork();
    const [before, rules] = [await lab.footprint(), await lab.rules()];
    await lab.driver.createNetwork({ network }, lab.ctx());
    assert.deepEqual(await lab.footprint(), before);
    assert.equal(await lab.rules(), rules);
    assert.deepEqual(await lab.observed(), routed ? [`network ${network.id}`] : []);
  });

  check('given one network, when it is made four times at once, then it is there once', async (lab) => {
    const network = await lab.makeNetwork();
    await Promise.all(Array.from({ length: 4 }, () => lab.driver.createNetwork({ network }, lab.ctx())));
    assert.deepEqual(await lab.observed(), routed ? [`network ${network.id}`] : []);
    await Promise.all(Array.from({ length: 4 }, () => lab.driver.removeNetwork({ network }, lab.ctx())));
    assert.deepEqual(await lab.observed(), []);
  });

  check('given two networks, when one is removed, then the other stays', async (lab) => {
    const [first, second] = [await lab.makeNetwork(), await lab.makeNetwork()];
    await lab.driver.removeNetwork({ network: first }, lab.ctx());
    assert.deepEqual(await lab.observed(), routed ? [`network ${second.id}`] : []);
  });

  check('given a sandbox, when it is opened again, then it is the same one', async (lab) => {
    const sandbox = await lab.openSandbox();
    const before = own ? (await stat(sandbox.path)).ino : 0;
    await lab.openSandbox(sandbox);
    assert.equal(own ? (await stat(sandbox.path)).ino : 0, before);
    assert.deepEqual(await lab.observed(), own ? [`sandbox ${sandbox.id}`] : []);
  });

  check('given a sandbox, when it is closed twice, then its file is gone', async (lab) => {
    const sandbox = await lab.openSandbox();
    await lab.driver.closeSandbox(sandbox, lab.ctx());
    await lab.driver.closeSandbox(sandbox, lab.ctx());
    assert.equal(await isThere(sandbox.path), false);
    assert.deepEqual(await lab.observed(), []);
  });

  check('given one sandbox, when it is opened four times at once, then it is whole', async (lab) => {
    const sandbox = await lab.openSandbox();
    await lab.driver.closeSandbox(sandbox, lab.ctx());
    await Promise.all(Array.from({ length: 4 }, () => lab.openSandbox(sandbox)));
    assert.equal(await lab.kernel.namespaces.isNamespace(sandbox.path), own);
  });

  check('given a driver, when eight containers come and go at once, then nothing stays', async (lab) => {
    const network = await lab.makeNetwork();
    const before = await lab.footprint();
    await Promise.all(
      Array.from({ length: 8 }, async (_, index) => {
        const endpoint = await lab.container(network, 10 + index);
        await lab.detach(endpoint);
        await lab.driver.closeSandbox({ id: endpoint.container, path: endpoint.sandbox ?? lab.sandbox().path }, lab.ctx());
      }),
    );
    assert.deepEqual(await lab.footprint(), before);
  });

  check('given an endpoint, when it is attached again, then it is there once', async (lab) => {
    const network = await lab.makeNetwork();
    const endpoint = await lab.container(network, 2);
    const before = await lab.footprint();
    await lab.driver.attach(endpoint, lab.ctx());
    assert.deepEqual(await lab.footprint(), before);
  });

  check('given an endpoint, when it is detached twice, then it is gone', async (lab) => {
    const network = await lab.makeNetwork();
    const before = await lab.footprint();
    const sandbox = await lab.openSandbox();
    const endpoint = await lab.attach(lab.endpoint(network, sandbox, 2));
    await lab.detach(endpoint);
    await lab.detach(endpoint);
    await lab.driver.closeSandbox(sandbox, lab.ctx());
    assert.deepEqual(await lab.footprint(), before);
  });

  check('given an endpoint, when its namespace is gone before, then it can be detached', async (lab) => {
    const network = await lab.makeNetwork();
    const before = await lab.footprint();
    const endpoint = await lab.container(network, 2);
    await lab.driver.closeSandbox({ id: endpoint.container, path: endpoint.sandbox ?? lab.sandbox().path }, lab.ctx());
    await lab.detach(endpoint);
    assert.deepEqual(await lab.footprint(), before);
  });

  check('given an endpoint, when it is removed by its id alone, twice, then it is gone with its ports and all else stays', async (lab) => {
    const network = await lab.makeNetwork();
    const sandbox = await lab.openSandbox();
    const [before, rules] = [await lab.footprint(), await lab.rules()];
    const ports = [
      { protocol: 'tcp', hostIp: '', hostPort: 28_083, containerPort: 80 },
      { protocol: 'udp', hostIp: '127.0.0.1', hostPort: 28_083, containerPort: 80 },
    ] as const;
    const endpoint = await lab.attach(lab.endpoint(network, sandbox, 2, ports));
    await lab.restart();
    await lab.driver.removeEndpoint({ id: endpoint.id }, lab.ctx());
    await lab.driver.removeEndpoint({ id: endpoint.id }, lab.ctx());
    assert.deepEqual(await lab.footprint(), before);
    assert.equal(await lab.rules(), rules);
  });

  check('given everything, when the engine starts anew, then observe names it and it can be taken away', async (lab) => {
    const network = await lab.makeNetwork();
    const endpoint = await lab.container(network, 2, [{ protocol: 'tcp', hostIp: '', hostPort: 28_081, containerPort: 80 }]);
    const before = await lab.observed();
    await lab.restart();
    assert.deepEqual(await lab.observed(), before);
    assert.deepEqual(
      before,
      [
        ...(addresses ? [`endpoint ${endpoint.id}`] : []),
        ...(routed ? [`network ${network.id}`] : []),
        ...(own ? [`sandbox ${endpoint.container}`] : []),
      ].toSorted(),
    );
    await lab.driver.createNetwork({ network }, lab.ctx());
    assert.deepEqual(await lab.observed(), before);
    await lab.detach(endpoint);
    await lab.driver.closeSandbox({ id: endpoint.container, path: endpoint.sandbox ?? lab.sandbox().path }, lab.ctx());
    await lab.driver.removeNetwork({ network }, lab.ctx());
    assert.deepEqual(await lab.observed(), []);
  });

  check('given two engines, when one makes things, then the other sees none of them', async (lab) => {
    const stranger = await lab.stranger();
    const network = await lab.makeNetwork();
    await lab.container(network, 2);
    assert.deepEqual(await lab.observed(stranger), []);
  });

  if (!own) return;

  check('given a sandbox, when it is looked into, then loopback is up and nothing else is there', async (lab) => {
    const { path } = await lab.openSandbox();
    const links = (await lab.kernel.links.list(path)).filter(({ up }) => up);
    assert.deepEqual(
      links.map(({ name }) => name),
      ['lo'],
    );
    assert.deepEqual(links[0]?.addresses, ['127.0.0.1/8']);
  });

  check('given sysctls, when a sandbox is opened, then those of the network are set in it and not on the host', async (lab) => {
    const name = 'net.ipv4.ip_unprivileged_port_start';
    const before = await lab.kernel.namespaces.getSysctl(name);
    const { path } = await lab.openSandbox(lab.sandbox(), { [name]: '77' });
    assert.equal(await lab.kernel.namespaces.getSysctl(name, path), '77');
    assert.equal(await lab.kernel.namespaces.getSysctl(name), before);
  });
}
