import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { canonicalJson } from './canonical-json.ts';

const test = suite('canonical JSON');

test('given keys in any order, when written, then they come in order of UTF-16 code units, at every depth', () => {
  assert.is(canonicalJson({ b: [{ d: 1, c: 2 }], a: { z: null, y: true } }), '{"a":{"y":true,"z":null},"b":[{"c":2,"d":1}]}');
  // RFC 8785, section 3.2.3.
  const keys = { '\u20ac': 1, '\r': 2, '\ufb33': 3, '1': 4, '\ud83d\ude00': 5, '\u0080': 6, '\u00f6': 7 };
  assert.is(canonicalJson(keys), '{"\\r":2,"1":4,"\u0080":6,"\u00f6":7,"\u20ac":1,"\ud83d\ude00":5,"\ufb33":3}');
});

test('given integer-like keys, when written, then they are ordered as text, not as numbers', () => {
  assert.is(canonicalJson({ 9: 1, 10: 2, a: 3 }), '{"10":2,"9":1,"a":3}');
  assert.is(canonicalJson([{ b: [{ 9: 1, 10: 2 }], a: { 2: 0 } }]), '[{"a":{"2":0},"b":[{"10":2,"9":1}]}]');
  assert.is(canonicalJson({ '-1': 1, 5: 2, '': 3 }), '{"":3,"-1":1,"5":2}');
  assert.is(canonicalJson(JSON.parse('{"z":1,"__proto__":2}')), '{"__proto__":2,"z":1}');
  assert.is(canonicalJson(JSON.parse('{"__proto__":{"b":1,"a":2}}')), '{"__proto__":{"a":2,"b":1}}');
  assert.is(canonicalJson({ toString: 1, constructor: { b: 1, a: 2 } }), '{"constructor":{"a":2,"b":1},"toString":1}');
});

test('given numbers and strings, when written, then as ECMAScript writes them', () => {
  assert.is(canonicalJson([333333333.3333333, 1e30, 4.5, 2e-3, 1e-27, -0]), '[333333333.3333333,1e+30,4.5,0.002,1e-27,0]');
  assert.is(canonicalJson('\u20ac$\u000f\nA\'B"\\\\"/\u2028'), '"\u20ac$\\u000f\\nA\'B\\"\\\\\\\\\\"/\u2028"');
  assert.is(JSON.parse(canonicalJson('\ud800x')), '\ud800x');
});

test('given a value, when written, then it is left as it was', () => {
  const value = { b: { d: [{ f: 1, e: 2 }], c: null }, a: 1 };
  const before = JSON.stringify(value);
  assert.is(canonicalJson(value), '{"a":1,"b":{"c":null,"d":[{"e":2,"f":1}]}}');
  assert.is(JSON.stringify(value), before);
});

test('given undefined fields, when written, then they are left out', () => {
  assert.is(canonicalJson({ a: undefined, b: { d: 1, c: undefined } }), '{"b":{"d":1}}');
});

test('given what JSON cannot hold, when written, then INTERNAL', () => {
  const impossible = [
    Number.NaN,
    Number.POSITIVE_INFINITY,
    1n,
    () => 1,
    Symbol('x'),
    [undefined],
    new Date(0),
    new Map(),
    { toJSON: () => 1 },
  ];
  for (const value of impossible) {
    assert.throws(
      () => canonicalJson({ b: 1, a: value }),
      (error: { code?: string }) => error.code === 'INTERNAL',
    );
  }
});

test.run();
