import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { parseJson } from './parse-json.ts';

const test = suite('parse JSON');

test('given halves of characters, when read, then they are replaced, in keys too, and whole ones stay', () => {
  const text = String.raw`{"a\ud800":["\udc00x","\ud83d\ude00","\\ud800",{"__proto__":"\uD83D"}],"n":1,"z":null,"😀":true}`;
  const value = parseJson(text) as { readonly [key: string]: unknown };
  assert.equal(Object.keys(value), ['a\ufffd', 'n', 'z', '😀']);
  const [first, second, third, inner] = value['a\ufffd'] as readonly unknown[];
  assert.equal([first, second, third, value['n'], value['z'], value['😀']], ['\ufffdx', '😀', '\\ud800', 1, null, true]);
  assert.equal(Object.entries(inner as object), [['__proto__', '\ufffd']]);
  assert.not.match(JSON.stringify(value), /(?<!\\)\\ud/);
});

test('given no JSON, when read, then it throws as JSON.parse does', () => {
  assert.throws(() => parseJson('{'), SyntaxError);
});

test.run();
