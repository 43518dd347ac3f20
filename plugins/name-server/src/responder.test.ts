import * as fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { Forwarder } from './forwarder.ts';
import { RCODE } from './message.ts';
import { answered, edns, knowing, question } from './questions.test.util.ts';
import { MOST_FORWARDED, Responder } from './responder.ts';
import { startUpstream } from './upstream.test.double.ts';

const test = suite('name server: responding');
const never = new AbortController().signal;

async function codeOf(responder: Responder, name: string): Promise<number> {
  const answer = await responder.respond(question(name), 'udp');
  assert.ok(answer);
  return answered(answer).code;
}

test('given names of neighbours and of others, when they are asked for, then the source answers the ones and its servers the others', async () => {
  await using upstream = await startUpstream();
  const responder = new Responder(knowing(['127.0.0.1']), new Forwarder({ port: upstream.port }), never);
  const local = await responder.respond(question('web'), 'udp');
  assert.ok(local);
  assert.equal(answered(local).answers.toSorted(), ['web 600 A 10.1.0.2', 'web 600 A 10.1.0.3']);
  assert.equal(upstream.asked, []);
  const other = await responder.respond(question('elsewhere'), 'tcp');
  assert.ok(other);
  assert.equal(answered(other).answers, ['elsewhere 60 A 192.0.2.1']);
  assert.equal(
    upstream.asked.map(({ transport }) => transport),
    ['tcp'],
  );
  assert.is(await responder.respond(question('web', 'A', { type: 'response' }), 'udp'), undefined);
});

test('given no servers for other names, when one is asked for, then it is refused without a promise to ask', async () => {
  const answer = await new Responder(knowing(), new Forwarder(), never).respond(question('elsewhere'), 'udp');
  assert.ok(answer);
  const { code, recursion, questions } = answered(answer);
  assert.equal([code, recursion, questions], [RCODE.refused, false, ['elsewhere A']]);
});

test('given a question that is refused, when it comes with EDNS of a version to come, then the source is not asked', async () => {
  const source = {
    ...knowing(),
    addressesOf: () => {
      throw new Error('asked');
    },
  };
  const answer = await new Responder(source, new Forwarder(), never).respond(question('web', 'A', { additionals: [edns(512, 1)] }), 'udp');
  assert.ok(answer);
  assert.is(answered(answer).code, 0, 'BADVERS is 16, whose upper bits are in the EDNS record');
});

test('given a source that fails, when it is asked, then the answer says so', async () => {
  const broken = (): never => {
    throw new Error('broken');
  };
  const forwarder = new Forwarder();
  assert.is(await codeOf(new Responder({ ...knowing(), addressesOf: broken }, forwarder, never), 'web'), RCODE.serverFailure);
  const responder = new Responder({ ...knowing(), upstream: () => Promise.reject(new Error('broken')) }, forwarder, never);
  for (let turn = 0; turn <= MOST_FORWARDED; turn++) assert.is(await codeOf(responder, 'elsewhere'), RCODE.serverFailure);
});

test('given a container that asks without end, when more are under way than it may have, then the rest fail at once, and later ones do not', async () => {
  const release = Promise.withResolvers<readonly string[]>();
  let asked = 0;
  const source = {
    ...knowing(),
    upstream: () => {
      asked++;
      return release.promise;
    },
  };
  const responder = new Responder(source, new Forwarder(), never);
  const waiting = Array.from({ length: MOST_FORWARDED }, () => codeOf(responder, 'elsewhere'));
  for (let more = 0; more < 10; more++) assert.is(await codeOf(responder, 'elsewhere'), RCODE.serverFailure);
  assert.is(asked, MOST_FORWARDED);
  assert.is(await codeOf(responder, 'web'), RCODE.noError, 'neighbours are answered all the same');
  release.resolve([]);
  assert.equal(new Set(await Promise.all(waiting)), new Set([RCODE.refused]));
  assert.is(await codeOf(responder, 'elsewhere'), RCODE.refused);
});

test('given any bytes, when they are answered, then nothing is thrown and no answer is larger than a client may take', async () => {
  const responder = new Responder(knowing(), new Forwarder(), never);
  const plain = question('web', 'A', { additionals: [edns(1232)] });
  const edited = fc.array(fc.tuple(fc.nat(plain.length - 1), fc.nat(255)), { maxLength: 5 }).map((edits) => {
    const bytes = Buffer.from(plain);
    for (const [at, value] of edits) bytes[at] = value;
    return bytes;
  });
  await fc.assert(
    fc.asyncProperty(fc.oneof(edited, fc.uint8Array({ maxLength: 600 })), async (bytes) => {
      const answer = await responder.respond(bytes, 'udp');
      if (answer === undefined) return;
      assert.ok(answer.length <= 4096);
      assert.equal(Buffer.from(answer).subarray(0, 2), Buffer.from(bytes).subarray(0, 2));
      assert.ok(((answer[2] ?? 0) & 0x80) !== 0);
    }),
    { numRuns: 2000 },
  );
});

test.run();
