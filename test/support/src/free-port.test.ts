import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { freePort } from './free-port.ts';

const test = suite('free ports');

test('given a port on which nothing listens, when it is asked for twice, then it is given once', async () => {
  const port = await freePort();
  const again = await freePort({ first: port, count: 1 }).catch((error: Error) => error.message);
  assert.match(String(again), `none of 1 ports is free, from ${port} on`);
});

test('given a port on which somebody listens, when it is asked for, then it is not given', async () => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const given = await freePort({ first: port, count: 1 }).catch((error: Error) => error.message);
  server.close();
  assert.match(String(given), 'none of 1 ports is free');
});

test.run();
