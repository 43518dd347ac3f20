import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import { createKernel } from './index.ts';
import { kernel, kernelTests, rejects, mountsUnder, networkOf } from './kernel.test.util.ts';

const { namespaces, links } = kernel;

await kernelTests(import.meta.filename, 'namespaces', (test) => {
  test('given a namespace, when it is made, then loopback is up in it and this process stays where it was', async ({ directory }) => {
    const path = join(directory, 'net');
    const home = await networkOf('/proc/self/ns/net');
    await namespaces.createNetwork(path);
    await namespaces.createNetwork(path);
    assert.is(await namespaces.isNamespace(path), true);
    assert.equal(await links.list(path), [
      { index: 1, name: 'lo', kind: '', up: true, mac: '00:00:00:00:00:00', addresses: ['127.0.0.1/8'] },
    ]);
    assert.is(await networkOf('/proc/self/ns/net'), home);
    await namespaces.removeNetwork(path);
    await namespaces.removeNetwork(path);
    assert.is(await namespaces.isNamespace(path), false);
    assert.equal(await mountsUnder(directory), []);
  });

  test('given a left file or a missing directory, when a namespace is made, then it is used or refused, and nothing stays', async ({
    directory,
  }) => {
    const path = join(directory, 'net');
    await writeFile(path, '');
    await namespaces.createNetwork(path);
    assert.is(await namespaces.isNamespace(path), true);
    await rejects(namespaces.createNetwork(join(directory, 'no/net')), 'KERNEL_CALL_FAILED', 'ENOENT');
  });

  test('given a sysctl, when it is set in a namespace, then the host keeps its own', async ({ directory }) => {
    const path = join(directory, 'net');
    await namespaces.createNetwork(path);
    const before = await namespaces.getSysctl('net.ipv4.ip_default_ttl');
    await namespaces.setSysctl('net.ipv4.ip_default_ttl', '77', path);
    assert.is(await namespaces.getSysctl('net.ipv4.ip_default_ttl', path), '77');
    assert.is(await namespaces.getSysctl('net.ipv4.ip_default_ttl'), before);
    await rejects(namespaces.setSysctl('kernel.hostname', 'x', path), 'SPEC_INVALID');
    await rejects(namespaces.getSysctl('net.no.such', path), 'KERNEL_CALL_FAILED', 'ENOENT');
    await rejects(namespaces.getSysctl('net.ipv4.ip_forward', join(directory, 'no')), 'KERNEL_CALL_FAILED', 'ENOENT');
    await rejects(links.list('/proc/self/ns/uts'), 'KERNEL_CALL_FAILED', 'EINVAL');
    assert.equal((await links.list()).length > 0, true);
  });

  test('given a kernel that is disposed, when it is used again, then it works', async ({ directory }) => {
    const other = createKernel();
    await other.namespaces.createNetwork(join(directory, 'net'));
    await other[Symbol.asyncDispose]();
    assert.is(await other.namespaces.isNamespace(join(directory, 'net')), true);
    await other[Symbol.asyncDispose]();
  });
});
