import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { ShiplogError } from '@shiplog/contracts/errors';
import { canonical, familiar, parseReference } from './reference.ts';

const test = suite('reference');
const HEX = 'a'.repeat(64);

function refusal(text: string): string {
  try {
    parseReference(text);
  } catch (error) {
    if (!(error instanceof ShiplogError)) throw error;
    assert.is(error.code, 'REFERENCE_INVALID');
    return error.message;
  }
  throw new Error(`${text} was accepted`);
}

const canonicalForms: readonly (readonly [string, string])[] = [
  ['busybox', 'docker.io/library/busybox:latest'],
  ['some/thing:1', 'docker.io/some/thing:1'],
  ['docker.io/library/some/thing', 'docker.io/library/some/thing:latest'],
  ['localhost:5000/thing:a', 'localhost:5000/thing:a'],
  [`ghcr.io/a/b:tag@sha256:${HEX}`, `ghcr.io/a/b@sha256:${HEX}`],
];

for (const [text, expected] of canonicalForms)
  test(`given ${text}, when it is written with nothing left out, then it is ${expected}, and that again`, () => {
    assert.is(canonical(parseReference(text)), expected);
    assert.is(canonical(parseReference(expected)), expected);
  });

const familiarForms: readonly (readonly [string, string])[] = [
  ['busybox', 'busybox:latest'],
  ['busybox:1.36', 'busybox:1.36'],
  ['library/busybox', 'busybox:latest'],
  ['docker.io/library/busybox:musl', 'busybox:musl'],
  ['index.docker.io/busybox', 'busybox:latest'],
  ['docker.io/some/thing', 'some/thing:latest'],
  ['docker.io/library/some/thing', 'library/some/thing:latest'],
  ['localhost/thing', 'localhost/thing:latest'],
  ['localhost:5000/thing:a', 'localhost:5000/thing:a'],
  ['[::1]:5000/thing', '[::1]:5000/thing:latest'],
  ['HOST/thing', 'HOST/thing:latest'],
  ['host.example/a/b/c__d-e.f:V1', 'host.example/a/b/c__d-e.f:V1'],
  ['docker.io/dotted.name/thing', 'docker.io/dotted.name/thing:latest'],
];
for (const [given, then] of familiarForms) {
  test(`given ${given}, when it is made familiar, then it is ${then}, and stays so`, () => {
    assert.is(familiar(parseReference(given)), then);
    assert.is(familiar(parseReference(then)), then);
  });
}

test('given a digest, when it is parsed, then name, tag and digest come apart', () => {
  assert.equal(parseReference(`busybox:1@sha256:${HEX}`), { name: 'busybox', tag: '1', digest: `sha256:${HEX}` });
  assert.equal(parseReference(`a/b@sha256:${HEX}`), { name: 'a/b', digest: `sha256:${HEX}` });
});

test('given capitals in the path, when it is parsed, then the message says so', () => {
  assert.is(refusal('some/Foo'), 'invalid reference format: repository name (some/Foo) must be lowercase');
  assert.match(refusal('Foo'), /^invalid reference format: repository name \(.*Foo\) must be lowercase$/);
});

test('given 64 hex digits, when it is parsed, then it is refused as an id', () => {
  assert.is(refusal(HEX), `invalid repository name (${HEX}), cannot specify 64-byte hexadecimal strings`);
});

test('given digests that are not, when they are parsed, then they are refused', () => {
  assert.is(refusal('a@sha256:abc'), 'invalid reference format');
  assert.is(refusal(`a@sha256:${'a'.repeat(40)}`), 'invalid checksum digest length');
  assert.is(refusal(`a@md5:${'a'.repeat(32)}`), 'unsupported digest algorithm');
  assert.is(refusal(`a@sha256:${'A'.repeat(64)}`), 'invalid checksum digest format');
});

for (const text of [
  '',
  '/',
  'a/',
  '/a',
  'a//b',
  'a:',
  'a:b:c',
  'a b',
  '-a',
  'a..b',
  'a___b',
  `a:${'t'.repeat(129)}`,
  'a@',
  'a\n',
  '../a',
]) {
  test(`given ${JSON.stringify(text)}, when it is parsed, then it is refused`, () => {
    assert.is(refusal(text), 'invalid reference format');
  });
}

test('given a name that is too long, when it is parsed, then the message gives the limit', () => {
  assert.is(refusal(`a/${'b'.repeat(260)}`), 'invalid reference format: repository name must not be more than 255 characters');
});

test.run();
