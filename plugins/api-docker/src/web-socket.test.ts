import { once } from 'node:events';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import WebSocket from 'ws';
import { create, start } from './testing/containers.ts';
import { ask } from './testing/http-client.ts';
import { serve, type TestServer } from './testing/serve.ts';

const test = suite('attaching over a WebSocket');

/** What a client heard: each message with its kind, and the status that closed the connection. */
class Client {
  readonly heard: string[] = [];
  readonly socket: WebSocket;
  readonly closed: Promise<number>;

  constructor({ socketPath }: TestServer, path: string, options: WebSocket.ClientOptions = {}) {
    this.socket = new WebSocket(`ws+unix://${socketPath}:${path}`, options);
    this.socket.on('message', (data: Buffer, binary) => this.heard.push(`${binary ? 'binary' : 'text'} ${data.toString()}`));
    this.closed = new Promise((resolve) => this.socket.on('close', resolve));
    // A handshake that is refused shows as that; what else goes wrong as an unusual status.
    this.socket.on('error', () => undefined);
  }

  async opened(): Promise<this> {
    await once(this.socket, 'open');
    return this;
  }

  /** Status and body of the answer to a handshake that was refused. */
  async refused(): Promise<readonly [status: number | undefined, body: string]> {
    const [, response] = (await once(this.socket, 'unexpected-response')) as [unknown, import('node:http').IncomingMessage];
    let body = '';
    for await (const chunk of response.setEncoding('utf8')) body += String(chunk);
    return [response.statusCode, body];
  }
}

test('given a container that is started afterwards, when a client is attached, then it gets all that it prints, unframed, in binary messages, and a normal end', async () => {
  await using server = await serve();
  const id = await create(server.socketPath, ['both']);
  const client = await new Client(server, `/containers/${id}/attach/ws?stream=1&stdout=1&stderr=1`).opened();
  await ask(server.socketPath, 'POST', `/containers/${id}/start`);
  assert.is(await client.closed, 1000);
  assert.equal(client.heard, ['binary to stdout\n', 'binary to stderr\n']);
  assert.equal(server.engine.passed, [`attach ${id} false true true via /containers/{id}/attach/ws`]);
});

test('given older API versions, when clients attach, then these get every stream whatever they ask for, the oldest in text', async () => {
  await using server = await serve();
  for (const [version, kind] of [
    ['v1.41', 'binary'],
    ['v1.28', 'binary'],
    ['v1.27', 'text'],
  ] as const) {
    const id = await create(server.socketPath, ['both']);
    const client = await new Client(server, `/${version}/containers/${id}/attach/ws?stream=1&stderr=0`).opened();
    await ask(server.socketPath, 'POST', `/containers/${id}/start`);
    await client.closed;
    assert.equal(client.heard, [`${kind} to stdout\n`, `${kind} to stderr\n`], version);
  }
});

test('given a terminal, when a client types and then the detach keys, then it hears itself, is let go, and the container runs on', async () => {
  await using server = await serve();
  const id = await start(server.socketPath, ['cat'], { OpenStdin: true, Tty: true });
  const client = await new Client(server, `/containers/${id}/attach/ws?stream=1&stdin=1&stdout=1&detachKeys=ctrl-a,b`).opened();
  client.socket.send('text, ');
  client.socket.send(Buffer.from('bytes'));
  // Who leaves hears no more.
  while (!client.heard.includes('binary bytes')) await once(client.socket, 'message');
  client.socket.send('\x01');
  client.socket.send('bdropped');
  assert.is(await client.closed, 1000);
  assert.equal(client.heard, ['binary text, ', 'binary bytes']);
  assert.is(server.engine.state.container(id).status, 'running');
  assert.is(server.engine.passed.at(-1), 'detached container');
});

test('given a program that reads to the end of its input, when the client closes, then it comes to its end', async () => {
  await using server = await serve();
  const id = await start(server.socketPath, ['cat'], { OpenStdin: true, StdinOnce: true });
  const client = await new Client(server, `/containers/${id}/attach/ws?stream=1&stdin=1&stdout=1`).opened();
  client.socket.send('last words');
  await once(client.socket, 'message');
  client.socket.close();
  await client.closed;
  assert.is((await ask(server.socketPath, 'POST', `/containers/${id}/wait`)).text, '{"StatusCode":0}\n');
});

test('given what was printed, when it is asked for with logs=1, then it comes first, and alone without a stream', async () => {
  await using server = await serve();
  const id = await start(server.socketPath, ['both']);
  await ask(server.socketPath, 'POST', `/containers/${id}/wait`);
  const client = new Client(server, `/containers/${id}/attach/ws?logs=1&stderr=1`);
  assert.is(await client.closed, 1000);
  assert.equal(client.heard, ['binary to stderr\n']);
});

test('given a message larger than is taken, when it comes, then the connection ends with 1009, and the next client is served', async () => {
  await using server = await serve();
  const id = await start(server.socketPath, ['cat'], { OpenStdin: true });
  const client = await new Client(server, `/containers/${id}/attach/ws?stream=1&stdin=1&stdout=1`).opened();
  client.socket.send(Buffer.alloc(4 * 1024 * 1024 + 1));
  assert.is(await client.closed, 1009);
  const unread = await new Client(server, `/containers/${id}/attach/ws?stream=0`).opened();
  assert.is(await unread.closed, 1000);
});

test('given requests that cannot be served, when they come, then each gets an ordinary answer and is recorded', async () => {
  await using server = await serve();
  const id = await start(server.socketPath, ['sleep']);
  assert.equal((await new Client(server, '/containers/none/attach/ws?stream=1').refused())[0], 404);
  const [status, body] = await new Client(server, `/containers/${id}/attach/ws?detachKeys=nothing`).refused();
  assert.is(status, 400);
  assert.match(body, 'invalid detach keys');
  const path = `/containers/${id}/attach/ws?stream=1`;
  assert.match((await ask(server.socketPath, 'GET', path)).text, 'opening handshake');
  assert.equal(
    server.engine.refusals.map(({ type }) => type),
    ['container.attach', 'container.attach', 'container.attach'],
  );
  const wrong = await ask(server.socketPath, 'GET', path, {
    headers: { Connection: 'Upgrade', Upgrade: 'websocket', 'Sec-WebSocket-Key': 'short' },
  });
  assert.is(wrong.status, 400);
  assert.match(wrong.text, 'Sec-WebSocket-Key');
  const unwired = await ask(server.socketPath, 'GET', path, { headers: { Upgrade: 'websocket' } });
  assert.is(unwired.status, 400);
});

test('given pages of other sites, when they open a connection over TCP, then it is refused; of its own, of none, and over a unix socket it is not', async () => {
  await using server = await serve({ scheme: 'tcp', address: '127.0.0.1' });
  const id = await start(server.socketPath, ['sleep']);
  const path = `/containers/${id}/attach/ws?stream=1`;
  for (const origin of ['https://example.org', 'null']) {
    const [status, body] = await new Client(server, path, { origin }).refused();
    assert.is(status, 400);
    assert.match(body, `a page of ${origin} may not attach`);
  }
  for (const options of [{}, { origin: 'http://engine.test:2375', headers: { Host: 'engine.test:2375' } }]) {
    const client = await new Client(server, path, options).opened();
    client.socket.close();
    await client.closed;
  }
  await using local = await serve();
  const other = await start(local.socketPath, ['sleep']);
  const client = await new Client(local, `/containers/${other}/attach/ws?stream=1`, { origin: 'https://example.org' }).opened();
  client.socket.terminate();
});

test.run();
