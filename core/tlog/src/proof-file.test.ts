import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { formatCheckpoint } from './checkpoint.ts';
import { leafHash } from './hash.ts';
import { verifierKey, verifierOf } from './key.ts';
import { ORIGIN, privateKey, signer, TIME, verifier, witness, witnessSigner } from './keys.test.double.ts';
import { entry, MemoryTree } from './memory-tree.test.double.ts';
import { formatNote, signNote } from './note.ts';
import { checkProof, formatProof, parseProof, type Trust } from './proof-file.ts';
import { proveConsistency, proveInclusion } from './prove.ts';
import { TlogError, type TlogReason } from './tlog-error.ts';
import { TileTree } from './tree.ts';

import { entryHash, MAX_ENTRY_BYTES } from './entry.ts';

const test = suite('proof files');

const SIZE = 1000;
const tree = MemoryTree.of(SIZE);
const refused =
  (...reasons: readonly TlogReason[]) =>
  (error: unknown) =>
    error instanceof TlogError && (reasons.length === 0 || reasons.includes(error.reason));

async function checkpointOf(size: number, origin = ORIGIN, of = tree, signers = [signer, witnessSigner]): Promise<string> {
  const text = formatCheckpoint({ origin, size, root: await new TileTree(size, of.tile).root() });
  return formatNote(signNote(text, signers));
}

async function inclusion(index: number, data: Buffer | undefined = entry(index)): Promise<string> {
  const proof = await proveInclusion(index, SIZE, tree.tile);
  return formatProof({ kind: 'inclusion', ...(data === undefined ? {} : { data }), index, proof, checkpoint: await checkpointOf(SIZE) });
}

async function consistency(before: number, origin = ORIGIN): Promise<string> {
  const proof = await proveConsistency(before, SIZE, tree.tile);
  const old = await checkpointOf(before, origin, tree, [signer]);
  return formatProof({ kind: 'consistency', old, proof, checkpoint: await checkpointOf(SIZE) });
}

const ALL: Trust = { log: [verifier], origin: ORIGIN, witnesses: [witness] };

test('given a proof that an entry is in the log, when it is checked, then it says which, and who saw it when', async () => {
  const text = await inclusion(345);
  assert.match(text, /^c2sp\.org\/tlog-proof@v1\nextra [A-Za-z0-9+/=]+\nindex 345\n/);
  const checked = checkProof(text, ALL);
  assert.is(checked.kind, 'inclusion');
  if (checked.kind !== 'inclusion') return;
  assert.is(checked.index, 345);
  assert.is(checked.data.toString(), '{"seq":345}');
  assert.is(checked.checkpoint.size, SIZE);
  assert.equal(checked.checkpoint.cosigned, [{ name: 'witness.example', time: TIME }]);
  assert.equal(checkProof(text, { log: [verifier] }).checkpoint.cosigned, []);
});

test('given a proof without the data, when it is checked, then the data must be given, and no other will do', async () => {
  const proof = parseProof(await inclusion(5));
  assert.ok(proof.kind === 'inclusion');
  const { data, ...bare } = proof;
  const text = formatProof(bare);
  assert.throws(() => checkProof(text, ALL), refused('missing'));
  assert.is(checkProof(text, ALL, data).kind, 'inclusion');
  assert.throws(() => checkProof(text, ALL, entry(6)), refused('mismatch'));
  assert.throws(() => checkProof(formatProof(proof), ALL, entry(6)), refused('mismatch'));
});

test('given data larger than an entry may be, when its inclusion is checked, then all of it is proven', async () => {
  const data = Buffer.alloc(MAX_ENTRY_BYTES * 2, 'x');
  const large = MemoryTree.of(3);
  large.append(entryHash(data));
  const checkpoint = await checkpointOf(4, ORIGIN, large);
  const text = formatProof({ kind: 'inclusion', data, index: 3, proof: await proveInclusion(3, 4, large.tile), checkpoint });
  assert.is(checkProof(text, ALL).kind, 'inclusion');
  data[100] = 0;
  assert.throws(() => checkProof(text, ALL, data), refused('mismatch'));
});

test('given a proof that the log was only appended to, when it is checked, then it names both sizes', async () => {
  for (const before of [1, 256, 300, SIZE]) {
    const checked = checkProof(await consistency(before), ALL);
    assert.ok(checked.kind === 'consistency');
    assert.is(checked.old.size, before);
    assert.is(checked.checkpoint.size, SIZE);
  }
});

test('given checkpoints of two logs, or of another than is trusted, when they are checked, then that is refused', async () => {
  const other = await consistency(300, 'example.com/other');
  assert.throws(() => checkProof(other, ALL), refused('mismatch'));
  assert.throws(() => checkProof(other, { log: [verifier] }), refused('mismatch'));
  const text = await consistency(300);
  assert.throws(() => checkProof(text, { ...ALL, origin: 'example.com/other' }), refused('mismatch'));
  assert.throws(() => checkProof(text, { ...ALL, log: [verifierOf(verifierKey('note', ORIGIN, privateKey('b')))] }), refused('missing'));
  assert.throws(() => checkProof(text, { ...ALL, log: [] }), refused('missing'));
  assert.throws(() => checkProof(text, { ...ALL, witnesses: [witness, verifier, { ...witness, id: 1 }] }), refused());
});

test('given a tree that was forked, when its checkpoint is joined with a proof of the first, then that is refused', async () => {
  const fork = MemoryTree.of(SIZE - 1);
  fork.append(leafHash(Buffer.from('fork')));
  const proof = await proveConsistency(300, SIZE, tree.tile);
  const forked = await checkpointOf(SIZE, ORIGIN, fork);
  const text = formatProof({ kind: 'consistency', old: await checkpointOf(300), proof, checkpoint: forked });
  assert.throws(() => checkProof(text, ALL), refused('mismatch'));
});

test('given every byte of both kinds of file, when it is changed or the file ends there, then the file is refused', async () => {
  for (const text of [await inclusion(345), await consistency(300)]) {
    const bytes = Buffer.from(text);
    for (let at = 0; at < bytes.length; at++) {
      for (const flip of [1, 0x20, 0x80]) {
        const changed = Buffer.from(bytes);
        changed[at] = (changed[at] ?? 0) ^ flip;
        assert.throws(() => checkProof(changed.toString('utf8'), ALL), refused(), `byte ${at} ^ ${flip}`);
      }
      assert.throws(() => checkProof(bytes.subarray(0, at).toString('utf8'), ALL), refused(), `cut to ${at}`);
    }
  }
});

test('given a proof that is cut, something else, or one with another key of the same name, when read, then that is what is said', async () => {
  const text = await inclusion(7);
  const said = (problem: string) => (error: unknown) => error instanceof TlogError && error.message.includes(problem);
  assert.throws(() => parseProof(text.slice(0, 300)), said('the proof is cut'));
  assert.throws(() => parseProof('seq,time\n1,2\n'), said('it begins with "seq,time"'));
  const other = { ...ALL, log: [verifierOf(verifierKey('note', ORIGIN, privateKey('b')))] };
  assert.throws(() => checkProof(text, other), said('it is signed with another key of that name'));
});

test.run();
