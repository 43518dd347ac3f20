import type { RecordType } from 'dns-packet';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { localAnswers } from './local-answers.ts';
import { parseQuery } from './message.ts';
import { knowing, question } from './questions.test.util.ts';

const test = suite('name server: local answers');

function ask(name: string, type: RecordType = 'A', random: () => number = () => 0): readonly string[] | undefined {
  const query = parseQuery(question(name, type));
  assert.ok(query);
  return localAnswers(query, knowing(), random)?.map((answer) =>
    'data' in answer ? `${answer.ttl} ${answer.type} ${String(answer.data)}` : '',
  );
}

test('given a neighbour, when its name is asked for in any case, then all of its addresses are answered', () => {
  assert.equal(ask('web'), ['600 A 10.1.0.2', '600 A 10.1.0.3']);
  assert.equal(ask('WEB.'), ['600 A 10.1.0.2', '600 A 10.1.0.3']);
  assert.equal(ask('db.local'), ['600 A 10.1.0.4']);
});

test('given a neighbour of two addresses, when it is asked for, then either comes first', () => {
  const places = [0.9, 0.1];
  assert.equal(
    ask('web', 'A', () => places.pop() ?? 0),
    ['600 A 10.1.0.2', '600 A 10.1.0.3'],
  );
  const others = [0.1, 0.9];
  assert.equal(
    ask('web', 'A', () => others.pop() ?? 0),
    ['600 A 10.1.0.3', '600 A 10.1.0.2'],
  );
});

test('given a neighbour, when another type is asked for, then it has none, and nobody else is asked', () => {
  for (const type of ['AAAA', 'MX', 'TXT', 'SRV'] as const) assert.equal(ask('web', type), [], type);
});

test('given addresses, when their names are asked for, then those of neighbours are answered, and no others', () => {
  assert.equal(ask('2.0.1.10.in-addr.arpa', 'PTR'), ['600 PTR web']);
  assert.equal(ask('2.0.1.10.IN-ADDR.ARPA.', 'PTR'), ['600 PTR web']);
  assert.is(ask('9.0.1.10.in-addr.arpa', 'PTR'), undefined);
  assert.is(ask('0.1.10.in-addr.arpa', 'PTR'), undefined);
  assert.is(ask('web', 'PTR')?.length, 0);
});

test('given names of nobody here, when they are asked for, then others may know', () => {
  for (const name of ['elsewhere', 'web.example', 'local', '.']) assert.is(ask(name), undefined, name);
});

test.run();
