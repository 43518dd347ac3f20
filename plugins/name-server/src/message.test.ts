import * as fc from 'fast-check';
import { type Answer, decode } from 'dns-packet';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { codeOfResponse, encodeReply, LARGEST_QUESTION, parseQuery, type Query, RCODE, withId } from './message.ts';
import { answered, edns, question } from './questions.test.util.ts';

const test = suite('name server: messages');

function parsed(bytes: Uint8Array): Query {
  const query = parseQuery(bytes);
  if (query === undefined) throw new Error('it was read as no question');
  return query;
}

/** A question whose name is `labels`, byte by byte. */
function ofLabels(...labels: readonly (string | Uint8Array)[]): Buffer {
  const name = labels
    .map((label) => (typeof label === 'string' ? Buffer.from(label) : label))
    .flatMap((label) => [Buffer.from([label.length]), label]);
  return Buffer.concat([question('.').subarray(0, 12), ...name, Buffer.from([0, 0, 1, 0, 1])]);
}

const addresses = (count: number): Answer[] =>
  Array.from({ length: count }, (_, index) => ({ type: 'A', name: 'web', ttl: 600, data: `10.0.${index >> 8}.${index & 255}` }));

test('given a question, when it is read, then name and type are those asked for, and case does not matter', () => {
  const query = parsed(question('Web.Example.', 'AAAA'));
  assert.is(query.name, 'web.example');
  assert.is(query.type, 'AAAA');
  assert.is(query.id, 4711);
  assert.is(query.refusal, undefined);
  assert.is(query.payloadSize, undefined);
  assert.is(parsed(question('web', 'A', { additionals: [edns(1232)] })).payloadSize, 1232);
  assert.is(parsed(question('.', 'NS')).name, '');
});

test('given what is no question, when it is read, then there is nothing to answer', () => {
  const plain = question('web');
  for (let length = 0; length < plain.length; length++) assert.is(parseQuery(plain.subarray(0, length)), undefined, `${length} bytes`);
  assert.is(parseQuery(question('web', 'A', { type: 'response' })), undefined);
  assert.is(parseQuery(Buffer.concat([plain, Buffer.alloc(LARGEST_QUESTION)])), undefined);
  const pointers: readonly (readonly [string, readonly number[]])[] = [
    ['to itself', [0xc0, 0x0c]],
    ['into the header', [0xc0, 0x04]],
    ['forward', [0xc0, 0x20]],
    ['a reserved label', [0x80, 0x01]],
    ['behind a label', [3, 0x77, 0x65, 0x62, 0xc0, 0x0c]],
  ];
  for (const [what, name] of pointers) {
    assert.is(parseQuery(Buffer.concat([plain.subarray(0, 12), Buffer.from([...name, 0, 1, 0, 1])])), undefined, what);
  }
  assert.is(parseQuery(ofLabels(...Array.from({ length: 5 }, () => 'x'.repeat(63)))), undefined, 'a name of more than 255 bytes');
  const looping = question('web', 'A', { additionals: [edns(512)] });
  looping.set([0xc0, looping.length - 11], looping.length - 11);
  assert.is(parseQuery(looping), undefined, 'a record whose name points to itself');
});

test('given questions that nobody here answers, when they are read, then each has the code that says why', () => {
  const opcode = question('web');
  opcode.writeUInt16BE(5 << 11, 2);
  assert.is(parsed(opcode).refusal, RCODE.notImplemented);
  assert.is(parsed(question('web', 'A', { questions: [{ name: 'web', type: 'A', class: 'CH' }] })).refusal, RCODE.notImplemented);
  assert.is(parsed(question('web', 'AXFR')).refusal, RCODE.notImplemented);
  assert.is(parsed(question('web', 'A', { questions: [] })).refusal, RCODE.formatError);
  const asked = { name: 'web', type: 'A' } as const;
  assert.is(parsed(question('web', 'A', { questions: [asked, asked] })).refusal, RCODE.formatError);
  assert.is(parsed(question('web', 'A', { answers: addresses(1) })).refusal, RCODE.formatError);
  assert.is(parsed(question('web', 'A', { additionals: [edns(512), edns(512)] })).refusal, RCODE.formatError);
  assert.is(parsed(question('web', 'A', { additionals: addresses(3) })).refusal, RCODE.formatError);
  const version = parsed(question('web', 'A', { additionals: [edns(512, 1)] }));
  assert.is(version.refusal, RCODE.badVersion);
  const [option] = decode(Buffer.from(encodeReply(version, { code: RCODE.badVersion }, 'udp'))).additionals ?? [];
  assert.is(option?.type === 'OPT' ? option.extendedRcode : undefined, 1);
});

test('given a count of 65,535 records, when it is read, then it is refused before any is', () => {
  const claims = Buffer.concat([question('web'), Buffer.alloc(4000)]);
  for (const offset of [4, 6, 8, 10]) {
    const message = Buffer.from(claims);
    message.writeUInt16BE(0xffff, offset);
    assert.is(parsed(message).refusal, RCODE.formatError);
    assert.is(encodeReply(parsed(message), { code: RCODE.formatError }, 'udp').length, 12);
  }
});

test('given labels with a dot or with bytes that are no text, when they are read, then they are the name of nobody here, and are repeated as they came', () => {
  for (const bytes of [ofLabels('web.example'), ofLabels('web', '.'), ofLabels('.'), ofLabels(Buffer.from([0x77, 0xff]))]) {
    const query = parsed(bytes);
    assert.is(query.name, undefined);
    const reply = Buffer.from(encodeReply(query, { code: RCODE.serverFailure }, 'udp'));
    assert.equal(reply.subarray(12), bytes.subarray(12));
  }
  assert.is(parsed(ofLabels('web', 'example')).name, 'web.example');
});

test('given a reply, when it is encoded, then id, question and what was asked to be done come back, in the letters that were sent', () => {
  const query = parsed(question('wEb', 'A'));
  assert.equal(answered(encodeReply(query, { code: RCODE.noError, answers: addresses(2) }, 'udp')), {
    id: 4711,
    code: 0,
    recursion: true,
    cut: false,
    questions: ['wEb A'],
    answers: ['web 600 A 10.0.0.0', 'web 600 A 10.0.0.1'],
  });
  const refused = answered(encodeReply(query, { code: RCODE.refused, recursionAvailable: false }, 'udp'));
  assert.equal([refused.code, refused.recursion, refused.answers], [5, false, []]);
});

test('given more answers than fit, when they are encoded, then as many as fit are there, and the answer says that it is cut', () => {
  const sizes: readonly (readonly [number | undefined, number])[] = [
    [undefined, 512],
    [100, 512],
    [1232, 1232],
    [65535, LARGEST_QUESTION],
  ];
  for (const [size, limit] of sizes) {
    const query = parsed(question('web', 'A', size === undefined ? {} : { additionals: [edns(size)] }));
    const reply = encodeReply(query, { code: RCODE.noError, answers: addresses(1000) }, 'udp');
    const { cut, answers } = answered(reply);
    assert.ok(cut);
    assert.ok(reply.length <= limit && reply.length > limit - 19, `${reply.length} of ${limit} bytes`);
    assert.ok(answers.length > 20 && answers.length < 1000);
  }
  const stream = answered(encodeReply(parsed(question('web')), { code: RCODE.noError, answers: addresses(1000) }, 'tcp'));
  assert.equal([stream.cut, stream.answers.length], [false, 1000]);
  const huge = encodeReply(parsed(question('web')), { code: RCODE.noError, answers: addresses(5000) }, 'tcp');
  assert.ok(answered(huge).cut && huge.length <= 0xffff);
});

test('given a client that says how much it takes, when it is answered, then the answer says the same of us, and only then', () => {
  const reply = decode(Buffer.from(encodeReply(parsed(question('web', 'A', { additionals: [edns(1232)] })), { code: 0 }, 'udp')));
  assert.equal(
    reply.additionals?.map((record) => (record.type === 'OPT' ? record.udpPayloadSize : record.type)),
    [LARGEST_QUESTION],
  );
  assert.equal(decode(Buffer.from(encodeReply(parsed(question('web')), { code: 0 }, 'udp'))).additionals, []);
});

test('given responses, when they are compared with a question, then only that to this id and question counts', () => {
  const query = parsed(question('Web.Example', 'AAAA'));
  const response = (name: string, more = {}): Buffer => question(name, 'AAAA', { type: 'response', id: 7, ...more });
  assert.is(codeOfResponse(response('Web.Example'), query, 7), 0);
  assert.is(codeOfResponse(response('wEB.eXAMPLE', { flags: 3 }), query, 7), 3);
  assert.is(codeOfResponse(withId(response('web.example'), 8), query, 7), undefined, 'another id');
  assert.is(codeOfResponse(response('web.examplf'), query, 7), undefined, 'another name');
  assert.is(codeOfResponse(question('web.example', 'A', { type: 'response', id: 7 }), query, 7), undefined, 'another type');
  assert.is(codeOfResponse(response('web.example', { type: 'query' }), query, 7), undefined, 'a question');
  assert.is(codeOfResponse(response('web.example', { questions: [] }), query, 7), undefined, 'no question in it');
  // Types 65 and 97 differ as A and a do.
  const typed = (type: number): Buffer => {
    const bytes = response('web.example');
    bytes.writeUInt16BE(type, bytes.length - 4);
    return bytes;
  };
  const asked = parsed(withId(typed(65), 1).with(2, 1));
  assert.is(codeOfResponse(typed(65), asked, 7), 0);
  assert.is(codeOfResponse(typed(97), asked, 7), undefined);
});

test('given any bytes, when they are read and answered, then nothing is thrown, and the answer to what was asked is no larger than it may be', () => {
  const near = fc
    .record({
      edits: fc.array(fc.tuple(fc.nat(60), fc.nat(255)), { maxLength: 6 }),
      tail: fc.uint8Array({ maxLength: 40 }),
      edns: fc.boolean(),
    })
    .map(({ edits, tail, edns: with4096 }) => {
      const bytes = Buffer.concat([question('web.example', 'A', with4096 ? { additionals: [edns(4096)] } : {}), tail]);
      for (const [at, value] of edits) if (at < bytes.length) bytes[at] = value;
      return bytes;
    });
  fc.assert(
    fc.property(fc.oneof(fc.uint8Array({ maxLength: 300 }), near), (bytes) => {
      const query = parseQuery(bytes);
      if (query === undefined) return;
      for (const transport of ['udp', 'tcp'] as const) {
        const reply = encodeReply(
          query,
          { code: query.refusal ?? 0, answers: query.refusal === undefined ? addresses(100) : [] },
          transport,
        );
        const room = transport === 'tcp' ? 0xffff : query.payloadSize === undefined ? 512 : LARGEST_QUESTION;
        assert.ok(reply.length <= room);
        assert.is(Buffer.from(reply).readUInt16BE(0), query.id);
        assert.equal(Buffer.from(reply).subarray(12, 12 + query.question.length), Buffer.from(query.question));
      }
    }),
    { numRuns: 3000 },
  );
});

test.run();
