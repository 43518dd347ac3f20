import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createSocket } from 'node:dgram';
import { open } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import { ShiplogError } from '@shiplog/contracts';
import { kernel, kernelTests, rejects } from './kernel.test.util.ts';

const { links, processes } = kernel;

/** What a script says that runs in a namespace. */
async function outputOf(namespace: string, script: string): Promise<string> {
  const child = spawn('nsenter', [`--net=${namespace}`, process.execPath, '-e', script], { stdio: ['ignore', 'pipe', 'inherit'] });
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (part: string) => (output += part));
  await once(child, 'close');
  return output;
}

await kernelTests(import.meta.filename, 'sockets', (test) => {
  test('given a server, when its port is looked at, then it is not free; when it ends, it is', async () => {
    await links.up('lo');
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    assert.is(await processes.portIsFree('tcp', '', port), false);
    assert.is(await processes.portIsFree('tcp', '127.0.0.1', port), false);
    assert.is(await processes.portIsFree('udp', '', port), true);
    assert.is(await processes.portIsFree('sctp', '', port), true);
    server.close();
    await once(server, 'close');
    assert.is(await processes.portIsFree('tcp', '', port), true);
    await rejects(processes.portIsFree('tcp', '203.0.113.9', port), 'KERNEL_CALL_FAILED', 'EADDRNOTAVAIL');
    await rejects(processes.portIsFree('tcp', '::1', port), 'NOT_SUPPORTED');
  });

  test('given a namespace, when sockets are bound in it, then its programs reach both at one port, and nobody else does', async ({
    directory,
  }) => {
    const namespace = join(directory, 'net');
    await kernel.namespaces.createNetwork(namespace);
    const { udp, tcp, port } = await kernel.sockets.bind('127.0.0.11', namespace);
    const datagrams = createSocket('udp4').bind({ fd: udp });
    const server = createServer((connection) => connection.end('hello')).listen({ fd: tcp });
    try {
      await once(server, 'listening');
      assert.is(datagrams.address().port, port);
      const heard = once(datagrams, 'message');
      const [said] = await Promise.all([
        outputOf(namespace, `require('node:net').connect(${port}, '127.0.0.11').on('data', (text) => console.log(String(text)))`),
        outputOf(
          namespace,
          `const s = require('node:dgram').createSocket('udp4'); s.send('question', ${port}, '127.0.0.11', () => s.close())`,
        ),
      ]);
      assert.is(said, 'hello\n');
      assert.is(String((await heard)[0]), 'question');
      assert.is(await processes.portIsFree('tcp', '127.0.0.11', port), true, 'the port is free at home');
    } finally {
      datagrams.close();
      server.close();
      await kernel.namespaces.removeNetwork(namespace);
    }
    await rejects(kernel.sockets.bind('203.0.113.9'), 'KERNEL_CALL_FAILED', 'EADDRNOTAVAIL');
    await rejects(kernel.sockets.bind('127.0.0.1', join(directory, 'none')), 'KERNEL_CALL_FAILED', 'ENOENT');
  });

  test('given a descriptor that is no socket, when its peer is asked for, then ENOTSOCK', async ({ directory }) => {
    const file = await open(join(directory, 'file'), 'w');
    assert.throws(
      () => processes.peerCredentials(file.fd),
      (error: unknown) => error instanceof ShiplogError && error.facts['errno'] === 'ENOTSOCK',
    );
    await file.close();
  });

  test('given a unix socket, when its peer is asked for, then it is the process at the other end', async ({ directory }) => {
    const path = join(directory, 'socket');
    const server = createServer().listen(path);
    await once(server, 'listening');
    const client = spawn(process.execPath, [
      '-e',
      `require('node:net').connect(process.argv[1]); setTimeout(() => undefined, 60000)`,
      '--',
      path,
    ]);
    const [connection] = (await once(server, 'connection')) as [{ _handle: { fd: number }; destroy(): void }];
    assert.equal(processes.peerCredentials(connection._handle.fd), { pid: client.pid, uid: 0, gid: 0 });
    client.kill('SIGKILL');
    connection.destroy();
    server.close();
    await once(server, 'close');
  });
});
