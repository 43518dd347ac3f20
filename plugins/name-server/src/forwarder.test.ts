import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { Forwarder } from './forwarder.ts';
import { parseQuery, type Query, RCODE } from './message.ts';
import { answered, question } from './questions.test.util.ts';
import { type Asked, knowledgeable, saying, startUpstream, type Upstream } from './upstream.test.double.ts';

const test = suite('name server: forwarding');

const HOSTS = ['127.0.0.1', '127.0.0.2', '127.0.0.3', '127.0.0.4'];
const TRANSPORTS = ['udp', 'tcp'] as const;
const never = new AbortController().signal;

function query(name = 'Elsewhere.Example'): Query {
  const parsed = parseQuery(question(name));
  if (parsed === undefined) throw new Error('it was read as no question');
  return parsed;
}

type Answer = (asked: Asked) => readonly Uint8Array[];
const silent: Answer = () => [];

/** One server at each of {@link HOSTS}, all at one port, in their order. */
async function startAll(
  answers: readonly Answer[],
): Promise<{ readonly port: number; readonly all: readonly Upstream[] } & AsyncDisposable> {
  for (let tries = 1; ; tries++) {
    await using opened = new AsyncDisposableStack();
    try {
      const all: Upstream[] = [];
      for (const [index, answer] of answers.entries()) {
        all.push(opened.use(await startUpstream({ address: HOSTS[index] ?? '', port: all[0]?.port ?? 0, answer })));
      }
      const resources = opened.move();
      return { port: all[0]?.port ?? 0, all, [Symbol.asyncDispose]: () => resources.disposeAsync() };
    } catch (error) {
      // The port of the first may be somebody's at another address.
      if (tries === 10) throw error;
    }
  }
}

const asks = ({ all }: { readonly all: readonly Upstream[] }): readonly number[] => all.map(({ asked }) => asked.length);

for (const transport of TRANSPORTS) {
  test(`given a server, when it is asked by ${transport}, then its bytes come back under the id of the client`, async () => {
    const trailing: Answer = (asked) => knowledgeable(asked).map((bytes) => Buffer.concat([bytes, Buffer.from('as it came')]));
    await using servers = await startAll([trailing]);
    const asked = query();
    const response = await new Forwarder({ port: servers.port }).ask(asked, HOSTS.slice(0, 1), transport, never);
    assert.ok(response);
    const [got] = servers.all[0]?.asked ?? [];
    assert.ok(got);
    assert.is(got.transport, transport);
    assert.equal(got.message.subarray(2), Buffer.from(asked.message).subarray(2));
    const [sent] = trailing(got);
    assert.ok(sent);
    assert.equal(Buffer.from(response).subarray(2), Buffer.from(sent).subarray(2));
    assert.equal(answered(response).answers, ['Elsewhere.Example 60 A 192.0.2.1']);
    assert.is(answered(response).id, 4711);
  });

  test(`given many questions, when they are asked by ${transport}, then each has a socket and an id of its own`, async () => {
    await using servers = await startAll([knowledgeable]);
    const forwarder = new Forwarder({ port: servers.port });
    const warnings: string[] = [];
    const warned = ({ name }: Error): number => warnings.push(name);
    process.on('warning', warned);
    try {
      await Promise.all(Array.from({ length: 40 }, () => forwarder.ask(query(), HOSTS.slice(0, 1), transport, never)));
    } finally {
      process.off('warning', warned);
    }
    const { asked } = servers.all[0] ?? { asked: [] };
    assert.is(new Set(asked.map(({ from }) => from)).size, 40);
    // Of 40 random ids among 65,536, more than 3 alike are not to be expected.
    assert.ok(new Set(asked.map(({ message }) => message.readUInt16BE(0))).size > 36);
    assert.equal(warnings, []);
  });

  test(`given servers that fail or refuse, when they are asked by ${transport}, then the next one is; one that knows of no such name is believed`, async () => {
    await using servers = await startAll([saying(RCODE.serverFailure), saying(RCODE.refused), knowledgeable]);
    const forwarder = new Forwarder({ port: servers.port });
    const found = await forwarder.ask(query(), HOSTS, transport, never);
    assert.ok(found);
    assert.equal(answered(found).answers, ['Elsewhere.Example 60 A 192.0.2.1']);
    assert.equal(asks(servers), [1, 1, 1]);
    const absent = await forwarder.ask(query('absent.example'), [HOSTS[2] ?? '', HOSTS[0] ?? ''], transport, never);
    assert.ok(absent);
    assert.is(answered(absent).code, 3);
    assert.equal(asks(servers), [1, 1, 2]);
  });

  test(`given four servers, when none of three answers a question by ${transport}, then there is no answer, and the fourth is not asked`, async () => {
    await using servers = await startAll([saying(RCODE.serverFailure), silent, saying(RCODE.refused), knowledgeable]);
    const forwarder = new Forwarder({ port: servers.port, patience: 1500 });
    assert.is(await forwarder.ask(query(), HOSTS, transport, never), undefined);
    assert.equal(asks(servers), [1, 1, 1, 0]);
  });

  test(`given servers that are not there, when they are asked by ${transport}, then the next one is`, async () => {
    await using servers = await startAll([knowledgeable]);
    const forwarder = new Forwarder({ port: servers.port });
    const found = await forwarder.ask(query(), ['127.0.0.9', 'no address', '::1', '127.0.0.1'], transport, never);
    assert.ok(found);
    assert.is(answered(found).code, 0);
  });

  test(`given answers to other questions, when they come by ${transport} before the right one, then they are passed over`, async () => {
    const confusing: Answer = (asked) => {
      const [right = Buffer.alloc(0)] = knowledgeable(asked);
      const otherId = Buffer.from(right);
      otherId.writeUInt16BE(right[0] === undefined ? 0 : (otherId.readUInt16BE(0) + 1) & 0xffff, 0);
      const otherName = Buffer.from(right);
      otherName[14] = 0x78;
      return [otherId, otherName, asked.message, Buffer.from('noise'), right];
    };
    await using servers = await startAll([confusing]);
    const found = await new Forwarder({ port: servers.port }).ask(query(), HOSTS.slice(0, 1), transport, never);
    assert.ok(found);
    assert.equal(answered(found).questions, ['Elsewhere.Example A']);
    assert.is(answered(found).id, 4711);
  });

  test(`given a server that says nothing, when the question by ${transport} is given up, then it ends at once`, async () => {
    const giveUp = new AbortController();
    await using servers = await startAll([
      () => {
        setImmediate(() => giveUp.abort());
        return [];
      },
    ]);
    const forwarder = new Forwarder({ port: servers.port, patience: 3_600_000 });
    assert.is(await forwarder.ask(query(), ['127.0.0.1', '127.0.0.1'], transport, giveUp.signal), undefined);
    assert.equal(asks(servers), [1]);
  });
}

test.run();
