import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { type AddressInfo, connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { busyboxArchive, TestDaemon } from '@shiplog/test-support';
import WebSocket from 'ws';

const IMAGE = 'busybox:test';
const ALL = 'stream=1&stdin=1&stdout=1&stderr=1';

const test = suite('attaching over a WebSocket, with two clients of it');
const scratch = await mkdtemp(join(tmpdir(), 'shiplog-attach-ws-'));
const daemon = await TestDaemon.start();
// Node's own client speaks TCP alone.
const relay = createServer((client) => {
  const engine = connect(daemon.socket);
  client.pipe(engine).pipe(client);
  client.on('error', () => engine.destroy());
  engine.on('error', () => client.destroy());
}).listen(0, '127.0.0.1');
await once(relay, 'listening');
const relayed = `ws://127.0.0.1:${(relay.address() as AddressInfo).port}`;

test.before(async () => {
  const archive = join(scratch, 'busybox.tar');
  await busyboxArchive(archive, IMAGE);
  await docker('load', '-q', '-i', archive);
});

test.after(async () => {
  relay.close();
  await daemon.destroy();
  await rm(scratch, { recursive: true, force: true });
});

const docker = (...args: readonly string[]): Promise<string> => daemon.said(args);

/** What either client does, and what it heard. */
interface Client {
  readonly send: (text: string) => void;
  readonly close: () => void;
  /** Waits until all that was heard fits. */
  readonly hears: (pattern: RegExp) => Promise<string>;
  /** The status of the closure. */
  readonly closed: Promise<number>;
}

/** Common to both: their messages are read as bytes. */
function listening(opened: EventTarget | WebSocket, send: (text: string) => void, close: () => void): Client {
  let heard = '';
  let wake = (): void => undefined;
  const { promise: closed, resolve } = Promise.withResolvers<number>();
  const target = opened as globalThis.WebSocket;
  target.binaryType = 'arraybuffer';
  target.addEventListener('message', ({ data }) => {
    assert.instance(data, ArrayBuffer);
    heard += Buffer.from(data as ArrayBuffer).toString();
    wake();
  });
  target.addEventListener('close', ({ code }) => {
    resolve(code);
    wake();
  });
  const hears = async (pattern: RegExp): Promise<string> => {
    while (!pattern.test(heard)) {
      if (target.readyState === target.CLOSED) throw new Error(`closed before it heard ${pattern}: ${JSON.stringify(heard)}`);
      await new Promise<void>((resolved) => (wake = resolved));
    }
    return heard;
  };
  return { send, close, hears, closed };
}

async function opened(client: globalThis.WebSocket | WebSocket): Promise<Client> {
  const listener = listening(
    client,
    (text) => client.send(text),
    () => client.close(),
  );
  await new Promise<void>((resolve, reject) => {
    const target = client as globalThis.WebSocket;
    target.addEventListener('open', () => resolve());
    target.addEventListener('error', (event) => reject(new Error(`no WebSocket: ${String((event as ErrorEvent).message)}`)));
  });
  return listener;
}

const CLIENTS: readonly (readonly [name: string, attach: (path: string) => Promise<Client>])[] = [
  ['ws', (path) => opened(new WebSocket(`ws+unix://${daemon.socket}:${path}`))],
  ['Node’s WebSocket', (path) => opened(new globalThis.WebSocket(`${relayed}${path}`))],
];

for (const [name, attach] of CLIENTS) {
  test(`given a terminal, when ${name} types and leaves by the detach keys, then the shell answers and runs on, and the log has who attached and left`, async () => {
    const id = await docker('run', '-dit', IMAGE, 'sh');
    const client = await attach(`/v1.51/containers/${id}/attach/ws?${ALL}&detachKeys=ctrl-x,q`);
    client.send('echo $((20 + 3))\r');
    await client.hears(/\r\n23\r\n/);
    client.send('\x18q');
    assert.is(await client.closed, 1000);
    assert.is(await docker('inspect', '--format', '{{.State.Running}}', id), 'true');
    const told = (await daemon.events()).filter(({ stream, type }) => stream === `container/${id}` && type.startsWith('content.'));
    assert.equal(
      told.map(({ type, data }) => [type, (data as { verb?: string }).verb]),
      [
        ['content.read', 'container.attach'],
        ['content.detached', undefined],
      ],
    );
    for (const { actor, req } of told) assert.equal([actor.pid, req?.route], [process.pid, '/containers/{id}/attach/ws']);
    await docker('rm', '-f', id);
  });

  test(`given a container that was made, when ${name} attaches before it starts, then it gets both streams from the first byte, unframed, and a normal end`, async () => {
    const id = await docker('create', '-i', IMAGE, 'sh', '-c', 'echo first; head -n 1 >&2; echo last');
    const client = await attach(`/containers/${id}/attach/ws?${ALL}`);
    await docker('start', id);
    await client.hears(/^first\n/);
    client.send('in between\n');
    assert.is(await client.closed, 1000);
    const heard = await client.hears(/last\n/);
    assert.equal(heard.split('\n').toSorted(), ['', 'first', 'in between', 'last']);
    const again = await attach(`/containers/${id}/attach/ws?logs=1&stderr=1`);
    assert.is(await again.closed, 1000);
    assert.is(await again.hears(/./), 'in between\n');
    await docker('rm', id);
  });

  test(`given a program that waits for the end of its input, when ${name} closes, then it comes to its end; one that is to keep its input runs on`, async () => {
    // Of `run -d -i` input stays open; of `create -i` it ends with the first client.
    for (const [make, status] of [
      [['run', '-d', '-i'], 'running'],
      [['create', '-i'], 'exited'],
    ] as const) {
      const id = await docker(...make, IMAGE, 'cat');
      await docker('start', id);
      const client = await attach(`/containers/${id}/attach/ws?${ALL}`);
      client.send('x'.repeat(100_000));
      await client.hears(/^x{100000}$/);
      client.close();
      await client.closed;
      if (status === 'exited') assert.is(await docker('wait', id), '0');
      assert.is(await docker('inspect', '--format', '{{.State.Status}}', id), status);
      await docker('rm', '-f', id);
    }
  });
}

test.run();
