import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type IncomingMessage, type RequestListener, type Server } from 'node:http';
import type { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { ApiError, type Client, compareVersions, createClient, hostFrom, jsonLines, parseHost, UnreachableError } from './index.ts';

const test = suite('client');

async function serve(listener: RequestListener, run: (client: Client, server: Server) => Promise<void>): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), 'shiplog-client-'));
  const server = createServer(listener);
  server.listen(join(directory, 's'));
  await once(server, 'listening');
  const client = createClient({ host: `unix://${directory}/s` });
  try {
    await run(client, server);
  } finally {
    client.close();
    server.closeAllConnections();
    server.close();
    await rm(directory, { recursive: true });
  }
}

async function rejection(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => assert.unreachable('it should have failed'),
    (error: unknown) => error,
  );
}

test('given hosts, when parsed, then sockets and addresses are understood and others refused', () => {
  assert.equal(parseHost('/run/x.sock'), { kind: 'unix', path: '/run/x.sock', text: 'unix:///run/x.sock' });
  assert.equal(parseHost('tcp://localhost:1234'), { kind: 'tcp', address: 'localhost', port: 1234, text: 'tcp://localhost:1234' });
  assert.equal(parseHost('tcp://[::1]'), { kind: 'tcp', address: '::1', port: 2375, text: 'tcp://[::1]' });
  for (const text of ['', 'ssh://host', 'tcp://host:99999', 'unix://relative']) assert.throws(() => parseHost(text), TypeError);
});

test('given variables, when the host is chosen, then ours comes before Docker’s, and empty ones do not count', () => {
  assert.is(hostFrom({ SHIPLOG_HOST: 'unix:///a', DOCKER_HOST: 'unix:///b' }), 'unix:///a');
  assert.is(hostFrom({ SHIPLOG_HOST: '', DOCKER_HOST: 'unix:///b' }), 'unix:///b');
  assert.is(hostFrom({}), 'unix:///run/shiplog/docker.sock');
});

test('given versions, when compared, then as numbers', () => {
  assert.ok(compareVersions('1.9', '1.44') < 0);
  assert.is(compareVersions('1.44', '1.44'), 0);
});

test('given an engine, when called, then the version is agreed once and prefixes every path', async () => {
  const urls: string[] = [];
  const listener: RequestListener = (request, response) => {
    urls.push(`${request.method} ${request.url}`);
    response.setHeader('Api-Version', '1.45');
    response.end('[]');
  };
  await serve(listener, async (client) => {
    await client.docker.listContainers({ all: true, filters: { label: ['a=b'] } });
    await client.docker.listImages();
    await client.docker.inspectImage('localhost:5000/a b/c:1');
    assert.equal(urls, [
      'HEAD /_ping',
      `GET /v1.45/containers/json?all=1&filters=${encodeURIComponent('{"label":["a=b"]}')}`,
      'GET /v1.45/images/json',
      'GET /v1.45/images/localhost:5000/a%20b/c:1/json',
    ]);
  });
});

test('given an engine that is too old, when pinged, then it says so', async () => {
  await serve(
    (_request, response) => response.setHeader('Api-Version', '1.24').end(),
    async (client) => assert.match(((await rejection(client.ping())) as Error).message, '1.24'),
  );
});

test('given error answers, when read, then status, code, message and facts are there', async () => {
  const bodies = ['{"message":"plain"}', '{"code":"IMAGE_IN_USE","message":"coded","facts":{"a":1}}', 'text', ''];
  await serve(
    (request, response) => {
      if (request.url === '/_ping') response.end();
      else response.writeHead(409).end(bodies.shift());
    },
    async (client) => {
      for (const [message, code] of [
        ['plain'],
        ['coded', 'IMAGE_IN_USE'],
        ['text'],
        ['the engine answered with status 409 and no message'],
      ]) {
        const error = await rejection(client.docker.info());
        assert.instance(error, ApiError);
        const { status, message: told, code: coded } = error as ApiError;
        assert.equal([status, told, coded], [409, message, code]);
      }
    },
  );
});

test('given no engine, when called, then the error names host and errno', async () => {
  const error = await rejection(createClient({ host: 'unix:///nonexistent/s' }).ping());
  assert.instance(error, UnreachableError);
  assert.equal([(error as UnreachableError).host, (error as UnreachableError).errno], ['unix:///nonexistent/s', 'ENOENT']);
});

test('given a hijacked connection, when input ends, then output still comes; an early byte is not lost', async () => {
  await serve(
    (_request, response) => response.end(),
    async (client, server) => {
      server.on('upgrade', (request: IncomingMessage, socket: Socket) => {
        assert.is(request.url, '/v1.51/containers/a/attach?stream=1&stdin=1');
        socket.write(
          'HTTP/1.1 101 UPGRADED\r\nContent-Type: application/vnd.docker.raw-stream\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\nearly ',
        );
        let input = '';
        socket.on('data', (chunk: Buffer) => (input += chunk.toString()));
        socket.on('end', () => socket.end(`late ${input}`));
      });
      const { socket, multiplexed } = await client.docker.attach('a', { stream: true, stdin: true });
      assert.not.ok(multiplexed);
      socket.end('typed');
      let output = '';
      for await (const chunk of socket) output += String(chunk);
      assert.is(output, 'early late typed');
    },
  );
});

test('given a hijack that is refused, when tried, then the engine’s error is thrown', async () => {
  await serve(
    (request, response) => (request.url === '/_ping' ? response.end() : response.writeHead(409).end('{"message":"paused"}')),
    async (client) => assert.is(((await rejection(client.docker.attach('a', {}))) as ApiError).message, 'paused'),
  );
});

test('given a wait, when the engine has begun to wait, then it resolves before the exit does', async () => {
  const exit = Promise.withResolvers<void>();
  await serve(
    (request, response) => {
      if (request.url === '/_ping') response.end();
      else {
        response.flushHeaders();
        void exit.promise.then(() => response.end('{"StatusCode":9}'));
      }
    },
    async (client) => {
      const waiting = await client.docker.wait('a', 'removed');
      exit.resolve();
      assert.is((await waiting.exit).StatusCode, 9);
    },
  );
});

test('given an archive whose reading fails, when sent, then that error is thrown and nothing hangs', async () => {
  const broken = async function* (): AsyncGenerator<Buffer> {
    yield Buffer.from('x');
    throw new Error('disk gone');
  };
  await serve(
    (request, response) => {
      request.resume();
      request.on('error', () => response.destroy());
      if (request.url === '/_ping') response.end();
    },
    async (client) => assert.match(((await rejection(client.docker.loadImages(Readable.from(broken())))) as Error).message, 'disk gone'),
  );
});

test('given lines cut anywhere, when read as JSON, then each is one document', async () => {
  const bytes = Buffer.from('{"a":"é"}\r\n\n{"b":2}');
  for (let size = 1; size <= bytes.length; size += 1) {
    const chunks = Array.from({ length: Math.ceil(bytes.length / size) }, (_, index) => bytes.subarray(index * size, (index + 1) * size));
    const documents: unknown[] = [];
    for await (const document of jsonLines(Readable.from(chunks))) documents.push(document);
    assert.equal(documents, [{ a: 'é' }, { b: 2 }]);
  }
});

test('given a verification cut short, when read, then it is an error and not a result', async () => {
  await serve(
    (_request, response) => response.end('{"checked":1,"total":2}\n'),
    async (client) => assert.is(((await rejection(client.native.verify())) as ApiError).code, 'CANCELED'),
  );
});

test.run();
