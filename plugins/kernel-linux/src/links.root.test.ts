import { spawnSync } from 'node:child_process';
import { pbkdf2 } from 'node:crypto';
import { join } from 'node:path';
import { promisify } from 'node:util';
import * as assert from 'uvu/assert';
import { kernel, kernelTests, rejects } from './kernel.test.util.ts';

const { namespaces, links } = kernel;

/** Keeps every thread of the pool at work for a while, with more of it waiting. Resolves when that is done, and what was waiting before it. */
async function occupyPool(): Promise<void> {
  await Promise.all(Array.from({ length: 16 }, () => promisify(pbkdf2)('', '', 50_000, 64, 'sha512')));
}

await kernelTests(import.meta.filename, 'links', (test) => {
  test('given a bridge and a veth pair, when they are made in single steps, then all is as asked', async ({ directory }) => {
    const path = join(directory, 'net');
    await namespaces.createNetwork(path);
    await links.createBridge('kb0');
    await links.createBridge('kb0');
    await links.createVeth('kv0', { name: 'eth0', namespace: path, mac: '02:42:c6:12:00:02' });
    await rejects(links.createVeth('kv0', { name: 'eth9', namespace: path }), 'KERNEL_CALL_FAILED', 'EEXIST');
    await links.setMaster('kv0', 'kb0');
    await links.setMac('kb0', '02:00:00:00:00:01');
    await links.up('kb0');
    await links.up('kv0');
    await links.addAddress('kb0', '198.18.0.1/24');
    await links.addAddress('eth0', '198.18.0.2/24', path);
    await links.addAddress('eth0', '198.18.0.2/24', path);
    await links.up('eth0', path);
    await links.addRoute({ to: 'default', via: '198.18.0.1' }, path);
    await links.addRoute({ to: 'default', via: '198.18.0.1', device: 'eth0' }, path);
    await links.addRoute({ to: '198.19.0.0/16', device: 'eth0' }, path);
    await rejects(links.addRoute({ to: 'default', via: '198.18.0.3' }, path), 'KERNEL_CALL_FAILED', 'EEXIST');
    const [bridge, veth] = ['kb0', 'kv0'].map(async (name) => (await links.list()).find((link) => link.name === name));
    assert.is((await bridge)?.mac, '02:00:00:00:00:01');
    assert.equal((await bridge)?.addresses, ['198.18.0.1/24']);
    assert.is((await veth)?.master, 'kb0');
    const far = (await links.list(path)).find(({ name }) => name === 'eth0');
    assert.is(far?.mac, '02:42:c6:12:00:02');
    assert.equal((await links.routes(path)).map(({ to }) => to).toSorted(), ['198.18.0.0/24', '198.19.0.0/16', 'default']);
    await links.remove('kv0');
    await links.remove('kv0');
    assert.is((await links.list(path)).length, 1);
    await links.remove('kb0');
  });

  test('given a plan that cannot be carried out, when a veth pair is made, then none is there', async ({ directory }) => {
    const path = join(directory, 'net');
    await namespaces.createNetwork(path);
    const unreachable = {
      name: 'eth0',
      namespace: path,
      up: true,
      addresses: ['198.18.0.2/24'],
      routes: [{ to: 'default', via: '203.0.113.1' }],
    };
    await rejects(links.createVeth('kv1', unreachable), 'KERNEL_CALL_FAILED');
    await rejects(links.createVeth('kv1', { name: 'eth0', namespace: path }, { master: 'nosuch' }), 'KERNEL_CALL_FAILED', 'ENODEV');
    await rejects(links.createVeth('much-too-long-a-name', { name: 'eth0' }), 'KERNEL_CALL_FAILED', 'EINVAL');
    assert.is((await links.list(path)).length, 1);
    assert.ok(!(await links.list()).some(({ name }) => name === 'kv1'));
  });

  test('given links with an alias, when they are listed, then the alias is there; a removed link is gone at once', async () => {
    await links.createBridge('kb1', { alias: 'what it is', up: true, mtu: 1400 });
    assert.is((await links.list()).find(({ name }) => name === 'kb1')?.alias, 'what it is');
    await links.remove('kb1');
    assert.ok(!(await links.list()).some(({ name }) => name === 'kb1'));
    await links.createBridge('kb1');
    await links.remove('kb1');
    await rejects(links.up('kb1'), 'KERNEL_CALL_FAILED', 'ENODEV');
  });

  test('given pool threads that are busy, when a link is removed that is not there, then one of its name that is made next stays', async () => {
    const idle = occupyPool();
    await links.remove('kb2');
    await links.createBridge('kb2');
    await idle;
    await occupyPool();
    assert.ok((await links.list()).some(({ name }) => name === 'kb2'));
    await links.remove('kb2');
  });

  test('given pool threads that are busy, when a link is removed that somebody else removes, then one of its name that is made next stays', async () => {
    await links.createBridge('kb4');
    const idle = occupyPool();
    const removed = links.remove('kb4');
    assert.is(spawnSync('ip', ['link', 'delete', 'kb4']).status, 0);
    await removed;
    await links.createBridge('kb4');
    await idle;
    await occupyPool();
    assert.ok((await links.list()).some(({ name }) => name === 'kb4'));
    await links.remove('kb4');
  });
});
