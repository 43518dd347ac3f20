import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Kernel } from '@shiplog/contracts';
import { open } from './connection.ts';

const test = suite('syslog: connection');

test('given a server that reads late, when a connection is closed, then the server has read all of it', async () => {
  await using server = createServer({ pauseOnConnect: true }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const accepted = once(server, 'connection') as Promise<[Socket]>;
  const { port } = server.address() as AddressInfo;
  // TCP needs nothing of the kernel port.
  const connection = await open({} as Kernel, { protocol: 'tcp', host: '127.0.0.1', port }, { skipVerify: false }, false);
  const [socket] = await accepted;
  await connection.send([Buffer.from('one'), Buffer.from('two')], new AbortController().signal);
  const order: string[] = [];
  const closed = connection.close().then(() => order.push('closed'));
  // Time for one who does not wait to be done.
  await sleep(100);
  assert.is(await text(socket).finally(() => order.push('read')), 'one\ntwo\n');
  await closed;
  assert.equal(order, ['read', 'closed']);
});

test('given a server that never ends its side, when a connection is closed, then it is all the same', async () => {
  await using server = createServer({ allowHalfOpen: true }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const accepted = once(server, 'connection') as Promise<[Socket]>;
  const connection = await open({} as Kernel, { protocol: 'tcp', host: '127.0.0.1', port }, { skipVerify: false }, false);
  const [socket] = await accepted;
  await connection.close();
  socket.destroy();
});

test.run();
