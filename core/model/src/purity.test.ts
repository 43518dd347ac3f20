import { readdirSync, readFileSync } from 'node:fs';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';

const test = suite('purity');
const HERE = new URL('../src/', import.meta.url);
const IMPURE: readonly (readonly [string, RegExp])[] = [
  ['the clock', /\bDate\b|\bperformance\b|\bTemporal\b/],
  ['random numbers', /\bMath\.random\b|\bcrypto\b/],
  ['the process', /\bprocess\.|\bglobalThis\b/],
  ['node', /['"]node:|\brequire\(/],
  ['timers', /\bset(Timeout|Interval|Immediate)\b|\bqueueMicrotask\b/],
  ['waiting', /\basync\b|\bawait\b|\bPromise\b/],
  ['the network', /\bfetch\b/],
  ['locale', /\bIntl\b|\.toLocale|\blocaleCompare\b/],
];
const IMPORTS = new Set(['@shiplog/contracts', '@shiplog/contracts/testing', '@shiplog/oci/reference', '@shiplog/oci/platform']);

const sources = readdirSync(HERE, { recursive: true, encoding: 'utf8' }).filter((path) => path.endsWith('.ts') && !path.includes('.test.'));

test('given the sources of the model, when read, then there are some', () => {
  assert.ok(sources.length > 50);
});

for (const path of sources) {
  test(`given ${path}, when read, then it touches nothing but its arguments`, () => {
    // Comments may name what code may not touch.
    const text = readFileSync(new URL(path, HERE), 'utf8').replaceAll(/\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm, '');
    for (const [what, pattern] of IMPURE) assert.not.ok(pattern.test(text), `${path} touches ${what}: ${pattern.exec(text)?.[0]}`);
    for (const [, from = ''] of text.matchAll(/from '([^']+)'/g)) {
      assert.ok(from.startsWith('.') || IMPORTS.has(from), `${path} imports ${from}`);
    }
  });
}

test.run();
