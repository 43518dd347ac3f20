import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { joined } from './joined.ts';

const test = suite('joined lines');

const [one, two, three, other] = ['1\n', '2\n', '3\n', '4\n'].map((line) => Buffer.from(line)) as [Buffer, Buffer, Buffer, Buffer];

test('given the same lines again, when they are joined, then the bytes are made once', () => {
  const bytes = joined([one, two, three]);
  assert.is(bytes.toString(), '1\n2\n3\n');
  assert.is(joined([one, two, three]), bytes);
});

test('given others behind the same first line, when they are joined, then the bytes are theirs', () => {
  joined([one, two, three]);
  for (const [lines, text] of [
    [[one, two], '1\n2\n'],
    [[one, two, other], '1\n2\n4\n'],
    [[one, other, three], '1\n4\n3\n'],
    [[one, two, three, other], '1\n2\n3\n4\n'],
    [[one], '1\n'],
  ] as const) {
    assert.is(joined(lines).toString(), text);
  }
});

test.run();
