import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { create, start } from './testing/containers.ts';
import { type Answer, ask, talk } from './testing/http-client.ts';
import { serve } from './testing/serve.ts';

const test = suite('streams of the Docker API');

test('given a wait before start, when the container exits, then headers came at once and the code in one line', async () => {
  await using server = await serve();
  const id = await create(server.socketPath, ['exit', '3']);
  const { promise, resolve } = Promise.withResolvers<Answer>();
  const headers = ask(server.socketPath, 'POST', `/containers/${id}/wait?condition=next-exit`).then(resolve);
  while (server.engine.awaited.length === 0) await new Promise((wake) => setTimeout(wake, 5));
  await ask(server.socketPath, 'POST', `/containers/${id}/start`);
  await headers;
  assert.equal((await promise).text, '{"StatusCode":3}\n');
  assert.is((await ask(server.socketPath, 'POST', `/containers/${id}/wait?condition=never`)).status, 400);
});

test('given a half-closed client, when the process prints after its input ended, then nothing is lost', async () => {
  await using server = await serve();
  const id = await start(server.socketPath, ['late'], { OpenStdin: true });
  const head = `POST /v1.51/containers/${id}/attach?stream=1&stdin=1&stdout=1 HTTP/1.1\r\nHost: d\r\nConnection: Upgrade\r\nUpgrade: tcp\r\nContent-Length: 0\r\n\r\n`;
  const bytes = (await talk(server.socketPath, [head])).toString('latin1');
  assert.match(bytes, /^HTTP\/1\.1 101 UPGRADED\r\n/);
  assert.match(bytes, 'Content-Type: application/vnd.docker.multiplexed-stream\r\n');
  assert.ok(bytes.endsWith('\r\n\r\n\x01\x00\x00\x00\x00\x00\x00\x0clate output\n'), JSON.stringify(bytes));
});

test('given a terminal, when it is attached, then bytes are raw and the detach keys leave it running', async () => {
  await using server = await serve();
  const id = await start(server.socketPath, ['cat'], { OpenStdin: true, Tty: true });
  const head = `POST /containers/${id}/attach?stream=1&stdin=1&stdout=1 HTTP/1.1\r\nHost: d\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n`;
  const bytes = (await talk(server.socketPath, [head, 'hi\x10', 'x\x10', '\x11dropped'])).toString('latin1');
  assert.match(bytes, 'application/vnd.docker.raw-stream');
  assert.ok(bytes.endsWith('\r\n\r\nhi\x10x'), JSON.stringify(bytes));
  assert.is(server.engine.state.container(id).status, 'running');
  assert.equal(server.engine.passed, [`attach ${id} true true false via /containers/{id}/attach`, 'detached container']);
});

test('given a terminal of an exec session, when the detach keys come, then the client is let go at once, and that is recorded', async () => {
  await using server = await serve();
  const id = await start(server.socketPath, ['sleep']);
  const body = JSON.stringify({ Cmd: ['cat'], AttachStdin: true, AttachStdout: true, Tty: true });
  const exec = (JSON.parse((await ask(server.socketPath, 'POST', `/containers/${id}/exec`, { body })).text) as { Id: string }).Id;
  const json = '{"Detach":false,"Tty":true}';
  const head = `POST /exec/${exec}/start HTTP/1.1\r\nHost: d\r\nConnection: Upgrade\r\nUpgrade: tcp\r\nContent-Type: application/json\r\nContent-Length: ${json.length}\r\n\r\n`;
  await talk(server.socketPath, [head, json, 'hi\x10\x11']);
  assert.equal(server.engine.passed, ['detached exec']);
});

test('given an exec session with detach keys of its own, when these come, then the client is let go, and the usual ones are input; wrong ones are refused', async () => {
  await using server = await serve();
  const id = await start(server.socketPath, ['sleep']);
  const create = (DetachKeys: string) => {
    const body = JSON.stringify({ Cmd: ['cat'], AttachStdin: true, AttachStdout: true, Tty: true, DetachKeys });
    return ask(server.socketPath, 'POST', `/containers/${id}/exec`, { body });
  };
  const wrong = await create('ctrl-x,none');
  assert.equal([wrong.status, server.engine.refusals.map(({ type }) => type)], [400, ['exec.create']]);
  assert.match(wrong.text, 'invalid detach keys');
  const { Id: exec } = JSON.parse((await create('ctrl-x,y')).text) as { Id: string };
  assert.match(
    (await ask(server.socketPath, 'GET', `/exec/${exec}/json`)).text,
    `"DetachKeys":"${Buffer.from('\x18y').toString('base64')}"`,
  );
  const json = '{"Detach":false,"Tty":true}';
  const head = `POST /exec/${exec}/start HTTP/1.1\r\nHost: d\r\nConnection: Upgrade\r\nUpgrade: tcp\r\nContent-Type: application/json\r\nContent-Length: ${json.length}\r\n\r\n`;
  const bytes = (await talk(server.socketPath, [head, json, 'hi\x10\x11\x18y'])).toString('latin1');
  assert.ok(bytes.endsWith('hi\x10\x11'), JSON.stringify(bytes));
  assert.equal(server.engine.passed, ['detached exec']);
});

test('given output that is read, and requests for it that are wrong, when they are answered, then the engine was told who asks, or of what was refused', async () => {
  await using server = await serve();
  const id = await start(server.socketPath, ['both']);
  assert.is((await ask(server.socketPath, 'GET', `/containers/${id}/logs?stdout=1`)).status, 200);
  assert.equal(server.engine.passed, [`logs ${id} via /containers/{id}/logs`]);
  for (const [path, status] of [
    [`/containers/${id}/logs`, 400],
    [`/containers/${id}/logs?stdout=1&since=soon`, 400],
    ['/containers/none/logs?stdout=1', 404],
  ] as const)
    assert.is((await ask(server.socketPath, 'GET', path)).status, status, path);
  assert.is((await ask(server.socketPath, 'POST', '/containers/none/attach?stream=1')).status, 404);
  assert.equal(
    server.engine.refusals.map(({ type }) => type),
    ['container.logs', 'container.logs', 'container.logs', 'container.attach'],
  );
});

test('given an exec whose JSON comes in pieces, when it starts, then it is read by its length and the rest is input', async () => {
  await using server = await serve();
  const id = await start(server.socketPath, ['sleep']);
  const body = JSON.stringify({ Cmd: ['cat'], AttachStdin: true, AttachStdout: true });
  const exec = (JSON.parse((await ask(server.socketPath, 'POST', `/containers/${id}/exec`, { body })).text) as { Id: string }).Id;
  const json = '{"Detach":false,"Tty":false}';
  const head = `POST /exec/${exec}/start HTTP/1.1\r\nHost: d\r\nConnection: Upgrade\r\nUpgrade: tcp\r\nContent-Type: application/json\r\nContent-Length: ${json.length}\r\n\r\n`;
  const bytes = (await talk(server.socketPath, [head, json.slice(0, 9), json.slice(9), 'input'])).toString('latin1');
  assert.ok(bytes.endsWith('\x01\x00\x00\x00\x00\x00\x00\x05input'), JSON.stringify(bytes));
  const inspected = await ask(server.socketPath, 'GET', `/exec/${exec}/json`);
  assert.match(inspected.text, '"Running":false,"ExitCode":0');
  const again = await ask(server.socketPath, 'POST', `/exec/${exec}/start`, { body: '{}' });
  assert.is(again.status, 409);
});

test('given a client that asks for no upgrade, when an exec starts, then 200 carries the same frames', async () => {
  await using server = await serve();
  const id = await start(server.socketPath, ['sleep']);
  const body = JSON.stringify({ Cmd: ['both'], AttachStdout: true, AttachStderr: true });
  const exec = (JSON.parse((await ask(server.socketPath, 'POST', `/containers/${id}/exec`, { body })).text) as { Id: string }).Id;
  const { status, text } = await ask(server.socketPath, 'POST', `/exec/${exec}/start`, { body: '{}' });
  assert.is(status, 200);
  assert.is(text, '\x01\0\0\0\0\0\0\x0ato stdout\n\x02\0\0\0\0\0\0\x0ato stderr\n');
});

test('given an upgrade request that fails, when it is answered, then it is an ordinary error and the connection ends', async () => {
  await using server = await serve();
  const head = `POST /containers/none/attach?stream=1 HTTP/1.1\r\nHost: d\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n`;
  const text = (await talk(server.socketPath, [head])).toString();
  assert.match(text, /^HTTP\/1\.1 404 Not Found\r\n/);
  assert.match(text, '{"message":"No such container: none"}\n');
});

test('given logs, when they are asked with timestamps, then lines are framed and stamped; without a stream it is 400', async () => {
  await using server = await serve();
  const id = await start(server.socketPath, ['both']);
  await new Promise((wake) => setTimeout(wake, 10));
  const { text, headers } = await ask(server.socketPath, 'GET', `/containers/${id}/logs?stdout=1&stderr=0&timestamps=1`);
  assert.is(headers['content-type'], 'application/vnd.docker.multiplexed-stream');
  assert.is(text, '\x01\0\0\0\0\0\0\x292023-11-14T22:13:20.000000000Z to stdout\n');
  assert.is((await ask(server.socketPath, 'GET', `/containers/${id}/logs`)).status, 400);
  const older = await ask(server.socketPath, 'GET', `/v1.41/containers/${id}/logs?stdout=1`);
  assert.is(older.headers['content-type'], 'application/vnd.docker.raw-stream');
});

test.run();
