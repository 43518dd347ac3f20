import { generateKeyPairSync } from 'node:crypto';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { openCheckpoint, parseCheckpoint } from './checkpoint.ts';
import { cosignatureTime, cosigner, formatVerifierKey, noteSigner, parseVerifierKey, verifierKey, verifierOf } from './key.ts';
import { privateKey, signer, TIME, verifier, witness, witnessSigner } from './keys.test.double.ts';
import { formatNote, parseNote, signNote, verifyNote } from './note.ts';
import { TlogError } from './tlog-error.ts';

const test = suite('notes, checkpoints and keys');
const refused = (reason: string) => (error: unknown) => error instanceof TlogError && error.reason === reason;

const KEY = privateKey('a');
const TEXT = 'example.com/log\n5\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n';

test("given Go's own key PeterNeumann, when it is read and written, then it is the same", () => {
  const vkey = 'PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW';
  assert.is(formatVerifierKey(parseVerifierKey(vkey)), vkey);
});

test("given Go's own signed note, when it is read, then its signature is good", () => {
  const note = [
    'If you think cryptography is the answer to your problem,',
    "then you don't know what your problem is.",
    '',
    '\u2014 PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=',
    '',
  ].join('\n');
  const peter = verifierOf(parseVerifierKey('PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW'));
  assert.is(verifyNote(parseNote(note), [peter]).length, 1);
  assert.throws(() => verifyNote(parseNote(note.replace('know', 'see')), [peter]), refused('mismatch'));
});

test('given a text, when it is signed, written, read and verified, then only the keys that signed are answered', () => {
  const note = signNote(TEXT, [signer, cosigner('witness.example', privateKey('w'), () => TIME + 0.9)]);
  const read = parseNote(formatNote(note));
  assert.equal(read, note);
  assert.equal(
    verifyNote(read, [verifier]).map(({ name }) => name),
    ['example.com/log'],
  );
  const [cosignature] = verifyNote(read, [witness]);
  assert.is(cosignature === undefined ? 0 : cosignatureTime(cosignature.bytes), TIME);
  assert.equal(verifyNote(read, [verifierOf(verifierKey('note', 'example.com/log', privateKey('b')))]), []);
  assert.equal(
    verifyNote(read, [verifierOf(verifierKey('note', 'witness.example', privateKey('w')))]),
    [],
    'a key signs one kind of thing',
  );
});

test('given a note with one byte changed anywhere, when it is opened as a checkpoint, then it is refused', () => {
  const bytes = Buffer.from(formatNote(signNote(TEXT, [signer])));
  for (let at = 0; at < bytes.length; at++) {
    for (const flip of [1, 0x20, 0x80]) {
      const changed = Buffer.from(bytes);
      changed[at] = (changed[at] ?? 0) ^ flip;
      assert.throws(
        () => openCheckpoint(changed.toString('utf8'), [verifier]),
        (error: unknown) => error instanceof TlogError,
      );
    }
    assert.throws(
      () => openCheckpoint(bytes.subarray(0, at).toString('utf8'), [verifier]),
      (error: unknown) => error instanceof TlogError,
    );
  }
});

test('given a cosignature whose time was changed, when it is verified, then it is refused', () => {
  const note = signNote(TEXT, [signer, witnessSigner]);
  const [first, second] = note.signatures;
  assert.ok(first !== undefined && second !== undefined);
  for (const at of [0, 7, 8]) {
    const bytes = Buffer.from(second.bytes);
    bytes[at] = (bytes[at] ?? 0) ^ 1;
    const changed = formatNote({ text: note.text, signatures: [first, { ...second, bytes }] });
    assert.throws(() => openCheckpoint(changed, [verifier], [witness]), refused('mismatch'));
    // Who does not ask for the witness is not disturbed by it.
    assert.is(openCheckpoint(changed, [verifier]).size, 5);
  }
  const short = formatNote({ text: note.text, signatures: [first, { ...second, bytes: Buffer.alloc(4) }] });
  assert.throws(() => openCheckpoint(short, [verifier], [witness]), refused('mismatch'));
});

test('given texts that are no notes, when they are read, then they are refused', () => {
  const line = formatNote(signNote(TEXT, [signer])).slice(TEXT.length + 1);
  for (const text of [
    '',
    '\n\n',
    TEXT,
    `${TEXT}\n`,
    `${TEXT}${line}`,
    `${TEXT}\n${line.trimEnd()}`,
    `${TEXT}\n${line}\n`,
    `${TEXT}\n${line.replace('\u2014', '-')}`,
    `${TEXT}\n${line.replace('log ', 'log  ')}`,
    `${TEXT}\n${line.replace('=', '')}`,
    `${TEXT}\n${line.trimEnd()} \n`,
    `${TEXT}\n${line.replace('example.com', 'example+com')}`,
    `${TEXT}\n${line.replace('example.com', 'example\u00a0com')}`,
    `${TEXT.replace('5', '5\r')}\n${line}`,
    `${TEXT.replace('5', '5\0')}\n${line}`,
    `\ud800${TEXT}\n${line}`,
    `${TEXT}\n\u2014 example.com/log AAAAAA==\n`,
    `${TEXT}\n${line.repeat(65)}`,
    `${'x'.repeat(300_000)}\n\n${line}`,
  ])
    assert.throws(() => parseNote(text), refused('malformed'), JSON.stringify(text.slice(0, 90)));
  assert.is(parseNote(`${TEXT}\n${line.repeat(16)}`).signatures.length, 16);
});

test('given texts that are no checkpoints, when they are read, then they are refused; extension lines are let through', () => {
  for (const text of [
    'a\n5\n',
    'a\n5\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=',
    '\n5\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n',
    'a\n05\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n',
    'a\n-5\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n',
    'a\n+5\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n',
    'a\n5e1\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n',
    'a\n9007199254740992\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n',
    'a\n5\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFV=\n',
    'a\n5\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU\n',
    'a\n5\n47DEQpj8HBSa-_TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n',
    'a\n5\nAAAA\n',
    'a\n5\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n\n',
  ])
    assert.throws(() => parseCheckpoint(text), refused('malformed'), JSON.stringify(text));
  assert.is(parseCheckpoint('a b\n0\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\nmore\nlines\n').origin, 'a b');
});

test('given texts that are no public keys, when they are read, then they are refused', () => {
  const good = formatVerifierKey(verifierKey('note', 'log', KEY));
  assert.is(formatVerifierKey(parseVerifierKey(good)), good);
  for (const text of [
    '',
    'log',
    good.replace('log', ''),
    good.replace('log', 'lag'),
    good.replace('log', 'l g'),
    good.slice(0, -1),
    `${good}AAAA`,
    good.replace(/\+(.)/, (_, digit: string) => `+${digit === '0' ? '1' : '0'}`),
    good.replace('+Aa', '+Ca'),
    good.replace(/\+[0-9a-f]+\+/, (id) => id.toUpperCase().padStart(11, '0')),
  ])
    assert.throws(() => parseVerifierKey(text), refused('malformed'), text);
});

test('given keys and names that cannot be used, when a signer is made, then that is refused', () => {
  for (const name of ['', 'a b', 'a+b', 'a\nb', 'a\u2003b']) assert.throws(() => noteSigner(name, KEY), RangeError);
  assert.throws(() => noteSigner('log', generateKeyPairSync('x25519').privateKey), RangeError);
  assert.throws(() => signNote('no newline', [signer]), RangeError);
});

test.run();
