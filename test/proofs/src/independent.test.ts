import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { formatHash, parseNote, parseVerifierKey, proveConsistency, proveInclusion, verifierOf, verifyNote } from '@shiplog/tlog';
import { GoChecker } from './go-checker.ts';
import { MemoryLog } from './log.ts';
import { randomSource } from './random.ts';

const test = suite('an independent implementation (sumdb/tlog and sumdb/note of Go)');

const LARGEST = 70_000;
const log = new MemoryLog(LARGEST);
const go = await GoChecker.start();
test.after(() => go[Symbol.asyncDispose]());

const root = (size: number): string => formatHash(log.roots[size] ?? '');
const accepted = async (request: Parameters<GoChecker['ask']>[0]): Promise<void> => {
  const { ok, error } = await go.ask(request);
  assert.ok(ok, `${error}: ${JSON.stringify(request).slice(0, 200)}`);
};

test('given trees of 1 to 1,000 leaves, when both compute the root, then it is the same', async () => {
  const { roots = [] } = await go.ask({ op: 'roots', size: 1000 });
  assert.is(roots.length, 1000);
  for (const [index, theirs] of roots.entries()) assert.is(root(index + 1), theirs, `size ${index + 1}`);
});

test('given inclusion proofs of every leaf of small trees and 500 at random, when Go checks them, then it accepts all', async () => {
  const random = randomSource(1);
  const cases: [index: number, size: number][] = [];
  for (let size = 1; size <= 24; size++) for (let index = 0; index < size; index++) cases.push([index, size]);
  while (cases.length < 800) {
    const size = 1 + random(LARGEST);
    cases.push([random(size), size]);
  }
  for (const [index, size] of cases) {
    const proof = (await proveInclusion(index, size, log.tile)).map(formatHash);
    await accepted({ op: 'inclusion', index, size, root: root(size), data: log.entry(index).toString('base64'), proof });
  }
});

test('given consistency proofs of every pair of small trees and 500 at random, when Go checks them, then it accepts all', async () => {
  const random = randomSource(2);
  const cases: [before: number, size: number][] = [];
  for (let size = 1; size <= 24; size++) for (let before = 1; before <= size; before++) cases.push([before, size]);
  while (cases.length < 800) {
    const size = 1 + random(LARGEST);
    cases.push([1 + random(size), size]);
  }
  for (const [before, size] of cases) {
    const proof = (await proveConsistency(before, size, log.tile)).map(formatHash);
    await accepted({ op: 'consistency', before, size, oldRoot: root(before), root: root(size), proof });
  }
});

test('given checkpoints that we sign, when Go opens them with the public key, then it reads the same text; and not when changed', async () => {
  for (const size of [0, 1, 255, 256, LARGEST]) {
    const checkpoint = await log.checkpoint(size);
    const { ok, text, error } = await go.ask({ op: 'note', note: checkpoint, keys: [log.vkey] });
    assert.ok(ok, error);
    assert.is(text, parseNote(checkpoint).text);
    assert.not((await go.ask({ op: 'note', note: checkpoint.replace(`\n${size}\n`, `\n${size + 1}\n`), keys: [log.vkey] })).ok);
  }
});

test('given a note that Go signs, when we open it with the public key, then its signature is good; and not when changed', async () => {
  // Go's own example key, whose private half is published with its package's documentation.
  const key = 'PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz';
  const verifier = verifierOf(parseVerifierKey('PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW'));
  for (const text of ['one line\n', 'two\n\nparts\n', '\u00e4\u20ac\u{1f600}\n']) {
    const { note = '' } = await go.ask({ op: 'sign', key, text });
    assert.is(verifyNote(parseNote(note), [verifier]).length, 1);
    assert.is(parseNote(note).text, text);
    assert.throws(() => verifyNote({ ...parseNote(note), text: `${text}more\n` }, [verifier]), /wrong/);
  }
});

test.run();
