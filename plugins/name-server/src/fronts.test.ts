import { execFile } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { on, once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { promisify } from 'node:util';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { createKernel } from '@shiplog/kernel-linux';
import { datagramFront } from './datagram-front.ts';
import { Forwarder } from './forwarder.ts';
import { framed, messagesOf } from './framing.ts';
import { answered, knowing, question } from './questions.test.util.ts';
import { Responder } from './responder.ts';
import { streamFront, type StreamFrontOptions } from './stream-front.ts';

const test = suite('name server: fronts');
const run = promisify(execFile);
const kernel = createKernel();
const responder = new Responder(knowing(), new Forwarder(), new AbortController().signal);

type Answers = Pick<Responder, 'respond'>;

/** Both fronts at one port. */
async function open(answers: Answers = responder, options: StreamFrontOptions = {}): Promise<{ readonly port: number } & AsyncDisposable> {
  const { udp, tcp, port } = await kernel.sockets.bind('127.0.0.1');
  const opened = new AsyncDisposableStack();
  opened.use(datagramFront(udp, answers));
  opened.use(await streamFront(tcp, answers, options));
  return { port, [Symbol.asyncDispose]: () => opened.disposeAsync() };
}

const numbered = (id: number, name = 'web'): Buffer => question(name, 'A', { id });

/** Unlike `once`, also behind an error: what a server ends may be reset. */
const closed = (connection: Socket): Promise<void> => new Promise((resolve) => void connection.once('close', () => resolve()));

/** The ids of all that comes until the other side ends. */
async function idsUntilEnd(connection: Socket): Promise<readonly (number | undefined)[]> {
  const ids: (number | undefined)[] = [];
  for await (const message of messagesOf(connection, 0xffff)) ids.push(answered(message).id);
  return ids;
}

test('given datagrams, when some are noise or the answers of others, then the questions among them are answered, and nothing else', async () => {
  await using fronts = await open();
  const client = createSocket('udp4');
  try {
    const arrivals: AsyncIterator<readonly Uint8Array[]> = on(client, 'message');
    client.connect(fronts.port, '127.0.0.1');
    await once(client, 'connect');
    const noise = [
      Buffer.alloc(0),
      Buffer.from('noise'),
      question('web', 'A', { type: 'response' }),
      Buffer.concat([numbered(1), Buffer.alloc(5000)]),
    ];
    for (const message of [...noise, numbered(2), ...noise, numbered(3)]) client.send(message);
    for (const id of [2, 3]) {
      const next = await arrivals.next();
      const [message] = next.value ?? [];
      assert.ok(message);
      assert.is(answered(message).id, id);
      assert.is(answered(message).answers.length, 2);
    }
  } finally {
    client.close();
  }
});

test('given a client that asks more than may be read in a second, when it asks by a stream, then the rest is answered later, and all of it', async () => {
  await using fronts = await open(responder, { rate: 20 });
  const connection = connect(fronts.port, '127.0.0.1');
  const began = performance.now();
  connection.end(Buffer.concat(Array.from({ length: 30 }, (_, id) => framed(numbered(id)))));
  assert.equal(
    (await idsUntilEnd(connection)).toSorted((a = 0, b = 0) => a - b),
    Array.from({ length: 30 }, (_, id) => id),
  );
  // Twenty at once, ten more of twenty a second.
  assert.ok(performance.now() - began > 400);
});

test('given fronts, when they are ended twice, also while a question is being answered, then nothing is sent and the port is free', async () => {
  const asked = { udp: Promise.withResolvers<void>(), tcp: Promise.withResolvers<void>() };
  const release = Promise.withResolvers<void>();
  const fronts = await open({
    async respond(_, transport) {
      asked[transport].resolve();
      await release.promise;
      return numbered(1);
    },
  });
  const connection = connect(fronts.port, '127.0.0.1');
  connection.on('error', () => undefined);
  const client = createSocket('udp4');
  try {
    client.send(numbered(1), fronts.port, '127.0.0.1');
    connection.write(framed(numbered(1)));
    await Promise.all([asked.udp.promise, asked.tcp.promise]);
    const gone = closed(connection);
    await fronts[Symbol.asyncDispose]();
    await fronts[Symbol.asyncDispose]();
    release.resolve();
    await gone;
    const refused: unknown = await once(connect(fronts.port, '127.0.0.1'), 'connect').catch((error: unknown) => error);
    assert.match(String(refused), /ECONNREFUSED/);
    assert.is(await kernel.processes.portIsFree('udp', '127.0.0.1', fronts.port), true);
  } finally {
    client.close();
    connection.destroy();
  }
});

test('given a stream, when questions come in one piece, byte by byte, and the client ends its side, then each is answered before the stream ends', async () => {
  await using fronts = await open();
  const questions = Array.from({ length: 100 }, (_, id) => framed(numbered(id)));
  const whole = connect(fronts.port, '127.0.0.1');
  whole.end(Buffer.concat(questions));
  assert.equal(
    (await idsUntilEnd(whole)).toSorted((a = 0, b = 0) => a - b),
    [...questions.keys()],
  );
  const pieces = connect(fronts.port, '127.0.0.1').setNoDelay(true);
  await once(pieces, 'connect');
  for (const byte of Buffer.concat(questions.slice(0, 2))) {
    await new Promise<void>((resolve) => void pieces.write(Buffer.from([byte]), () => resolve()));
  }
  pieces.end();
  assert.equal((await idsUntilEnd(pieces)).toSorted(), [0, 1]);
});

test('given a slow answer, when others come behind it on its stream, then they do not wait for it, and no more are begun than may be', async () => {
  const slow = Promise.withResolvers<void>();
  let underWay = 0;
  let most = 0;
  await using fronts = await open({
    async respond(message, transport) {
      most = Math.max(most, ++underWay);
      if (message[1] === 0) await slow.promise;
      underWay--;
      return responder.respond(message, transport);
    },
  });
  const connection = connect(fronts.port, '127.0.0.1');
  connection.end(Buffer.concat(Array.from({ length: 200 }, (_, id) => framed(numbered(id)))));
  const ids: (number | undefined)[] = [];
  for await (const message of messagesOf(connection, 0xffff)) {
    ids.push(answered(message).id);
    if (ids.length === 199) slow.resolve();
  }
  assert.is(ids.length, 200);
  assert.is(ids.at(-1), 0);
  assert.ok(most <= 16, `${most} at once`);
});

test('given a stream, when it brings what is no question or is too large, then it ends', async () => {
  await using fronts = await open();
  for (const wrong of [framed(Buffer.from('noise')), framed(Buffer.alloc(5000)), Buffer.from([0xff, 0xff]), framed(Buffer.alloc(0))]) {
    const connection = connect(fronts.port, '127.0.0.1');
    connection.on('error', () => undefined);
    const gone = closed(connection.resume());
    connection.write(wrong);
    await gone;
  }
});

test('given a client that is silent or does not read, when it is idle for too long, then its stream ends; one that waits for an answer is kept', async () => {
  const release = Promise.withResolvers<void>();
  await using fronts = await open(
    {
      async respond(message) {
        if (message[1] === 1) await release.promise;
        return new Uint8Array(0xffff);
      },
    },
    { idle: 2000 },
  );
  const [silent, deaf, waiting] = [1, 2, 3].map(() => connect(fronts.port, '127.0.0.1').on('error', () => undefined));
  assert.ok(silent && deaf && waiting);
  waiting.write(framed(numbered(1)));
  // It never reads, so that its stream has ended shows when it writes, which it does until nobody takes more.
  deaf.pause();
  const gone = [closed(silent.resume()), closed(deaf)];
  const questions = Buffer.concat(Array.from({ length: 1000 }, () => framed(numbered(2))));
  while (deaf.write(questions));
  deaf.on('drain', () => {
    while (deaf.write(questions));
  });
  await Promise.all(gone);
  assert.is(waiting.destroyed, false);
  release.resolve();
  for await (const message of messagesOf(waiting, 0xffff)) assert.is(message.length, 0xffff);
});

test('given a client with more streams than it may have, when it opens one more, then that one ends, and the others are answered', async () => {
  await using fronts = await open(responder, { idle: 60_000 });
  const connections: Socket[] = [];
  try {
    for (let index = 0; index < 32; index++) {
      const connection = connect(fronts.port, '127.0.0.1');
      connections.push(connection);
      connection.write(framed(numbered(index)));
      await once(connection, 'data');
    }
    const last = connect(fronts.port, '127.0.0.1').on('error', () => undefined);
    await closed(last.resume());
    const [first] = connections;
    assert.ok(first);
    first.write(framed(numbered(99)));
    await once(first, 'data');
  } finally {
    for (const connection of connections) connection.destroy();
  }
});

test('given fronts that are open and have a stream, when the process has nothing else to do, then it ends', async () => {
  const modules = ['datagram-front', 'stream-front'].map((name) => import.meta.resolve(`./${name}.js`));
  const program = `
    import { connect } from 'node:net';
    import { once } from 'node:events';
    import { createKernel } from '@shiplog/kernel-linux';
    const [{ datagramFront }, { streamFront }] = await Promise.all(${JSON.stringify(modules)}.map((path) => import(path)));
    const { udp, tcp, port } = await createKernel().sockets.bind('127.0.0.1');
    const answers = { respond: async () => new Uint8Array(12) };
    datagramFront(udp, answers);
    await streamFront(tcp, answers);
    const connection = connect(port, '127.0.0.1');
    connection.write(Buffer.from([0, 1, 0]));
    await once(connection, 'data');
    connection.unref();
    console.log('answered');
  `;
  const { stdout } = await run(process.execPath, ['-e', program], { cwd: import.meta.dirname, timeout: 60_000 });
  assert.is(stdout, 'answered\n');
});

test.run();
