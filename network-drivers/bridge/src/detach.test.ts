import { stat } from 'node:fs/promises';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { createContext, type NetworkDriver } from '@shiplog/contracts';
import { createRecordingKernel } from '@shiplog/driver-kit/testing';
import { temporaryDirectory } from '@shiplog/test-support';
import { BridgeDriver } from './bridge-driver.ts';
import { vethName } from './names.ts';

const test = suite('network-bridge: an endpoint that goes in part');

const ID = '0123456789abcdef'.repeat(4);

const endpoint: Parameters<NetworkDriver['attach']>[0] = {
  id: ID,
  container: 'c',
  network: { id: ID, name: 'n', subnet: '198.18.7.0/24', gateway: '198.18.7.1', internal: false, options: {} },
  sandbox: '/netns',
  ifName: 'eth0',
  address: '198.18.7.2/24',
  mac: '',
  gateway: '198.18.7.1',
  defaultRoute: true,
  ports: [{ protocol: 'tcp', hostIp: '', hostPort: 8080, containerPort: 80 }],
};

test('given ports that cannot be taken back, when an endpoint is detached, then nothing of it is under way once that has failed', async () => {
  await using directory = await temporaryDirectory();
  const kernel = createRecordingKernel();
  const driver = new BridgeDriver(kernel, { engineId: '0123456789ab', stateDir: directory.path, runDir: directory.path }, {});
  await kernel.links.createBridge('sl-0123456789ab');
  await kernel.namespaces.createNetwork('/netns');
  const ctx = createContext({ op: 'test', signal: new AbortController().signal });
  await driver.attach(endpoint, ctx);
  kernel.firewall.apply = () => Promise.reject(new Error('no firewall'));
  const { remove } = kernel.links;
  kernel.links.remove = async (name) => {
    for (let calls = 0; calls < 20; calls += 1) await stat('/');
    await remove(name);
  };
  const failure = await driver.detach(endpoint, ctx).then(() => 'none', String);
  assert.is(failure, 'Error: no firewall');
  assert.equal(
    (await kernel.links.list()).filter(({ name }) => name === vethName(ID)),
    [],
  );
});

test.run();
