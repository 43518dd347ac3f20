import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { formatCheckpoint } from './checkpoint.ts';
import type { Hash } from './hash.ts';
import { ORIGIN, privateKey, signer, TIME, verifier, witness, witnessSigner } from './keys.test.double.ts';
import { cosignatureTime, noteSigner } from './key.ts';
import { MemoryTree } from './memory-tree.test.double.ts';
import { formatNote, parseNote, signNote } from './note.ts';
import { proveConsistency } from './prove.ts';
import { TileTree } from './tree.ts';
import {
  formatAddCheckpoint,
  judgeCheckpoint,
  parseAddCheckpoint,
  parseWitnessedSize,
  readCosignatures,
  type WitnessAnswer,
} from './witness.ts';

const test = suite('witness');

const tree = MemoryTree.of(700);
const other = MemoryTree.of(699);
other.append('x'.repeat(32));
const rootOf = (size: number, of = tree): Promise<Hash> => new TileTree(size, of.tile).root();

async function checkpointOf(size: number, of = tree, by = signer): Promise<string> {
  return formatNote(signNote(formatCheckpoint({ origin: ORIGIN, size, root: await rootOf(size, of) }), [by]));
}

/** A witness that saw the tree of `seen` leaves is asked to cosign. */
async function ask(seen: number | undefined, body: string): Promise<WitnessAnswer> {
  const latest = seen === undefined ? undefined : { size: seen, root: await rootOf(seen) };
  return judgeCheckpoint(body, (origin) => (origin === ORIGIN ? { verifiers: [verifier], latest } : undefined), [witnessSigner]);
}

test('given a consistent checkpoint, when a witness is asked, then it cosigns, and the log finds its signature good', async () => {
  for (const [seen, size] of [
    [undefined, 300],
    [0, 300],
    [300, 700],
    [300, 300],
    [256, 257],
  ] as const) {
    const checkpoint = await checkpointOf(size);
    const body = formatAddCheckpoint(seen ?? 0, await proveConsistency(seen ?? 0, size, tree.tile), checkpoint);
    assert.is(parseAddCheckpoint(body).checkpoint.size, size);
    const answer = await ask(seen, body);
    assert.is(answer.status, 200);
    if (answer.status !== 200) continue;
    assert.is(answer.checkpoint.root, await rootOf(size));
    const [signature, ...more] = readCosignatures(answer.cosign(), parseNote(checkpoint), witness);
    assert.is(more.length, 0);
    assert.is(signature === undefined ? 0 : cosignatureTime(signature.bytes), TIME);
  }
});

test('given requests that a witness may not cosign, when it is asked, then it answers with the status of tlog-witness', async () => {
  const proof = await proveConsistency(300, 700, tree.tile);
  const good = await checkpointOf(700);
  const cases: readonly (readonly [number, number | undefined, string, string?])[] = [
    [400, 300, ''],
    [400, 300, 'old 300\n'],
    [400, 300, `old 0300\n\n${good}`],
    [400, 300, `old 300\nAAAA\n\n${good}`],
    [
      400,
      300,
      formatAddCheckpoint(
        300,
        Array.from({ length: 64 }, () => proof[0] ?? ''),
        good,
      ),
    ],
    [400, 300, formatAddCheckpoint(701, [], good)],
    [404, 300, formatAddCheckpoint(300, proof, good.replace(ORIGIN, 'example.com/other'))],
    [403, 300, formatAddCheckpoint(300, proof, good.replace('700', '699'))],
    [403, 300, formatAddCheckpoint(300, proof, await checkpointOf(700, tree, noteSigner(ORIGIN, privateKey('b'))))],
    [409, 300, formatAddCheckpoint(0, [], good), '300\n'],
    [409, undefined, formatAddCheckpoint(300, proof, good), '0\n'],
    [409, 700, formatAddCheckpoint(700, [], await checkpointOf(700, other)), '700\n'],
    [422, 300, formatAddCheckpoint(300, proof.slice(1), good)],
    [422, 300, formatAddCheckpoint(300, proof, await checkpointOf(700, other))],
    [422, undefined, formatAddCheckpoint(0, proof, good)],
  ];
  for (const [status, seen, body, answered] of cases) {
    const answer = await ask(seen, body);
    assert.is(answer.status, status, JSON.stringify(body.slice(0, 80)));
    if (answer.status !== 200 && answered !== undefined) {
      assert.is(answer.body, answered);
      assert.is(answer.type, 'text/x.tlog.size');
      assert.is(parseWitnessedSize(answer.body), Number(answered));
    }
  }
});

test('given an answer of another witness, when the log reads it, then it is not taken for a cosignature', async () => {
  const checkpoint = parseNote(await checkpointOf(300));
  const stranger = formatNote(signNote(checkpoint.text, [noteSigner('witness.example', privateKey('x'))])).split('\n\n')[1] ?? '';
  assert.throws(() => readCosignatures(stranger, checkpoint, witness), /without a signature of its key/);
  assert.throws(() => readCosignatures('', checkpoint, witness), /end with a newline/);
});

test.run();
