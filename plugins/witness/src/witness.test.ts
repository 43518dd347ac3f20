import { generateKeyPairSync } from 'node:crypto';
import { readdir, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { ShiplogError } from '@shiplog/contracts';
import { temporaryDirectory } from '@shiplog/test-support';
import {
  cosignatureTime,
  entryHash,
  formatAddCheckpoint,
  formatCheckpoint,
  formatNote,
  Frontier,
  hashBytes,
  leafHash,
  noteSigner,
  parseNote,
  parseVerifierKey,
  proveConsistency,
  readCosignatures,
  signNote,
  type TileReader,
  verifierKey,
  verifierOf,
} from '@shiplog/tlog';
import { Witness } from './witness.ts';

const test = suite('witness server');

const ORIGIN = 'example.com/log';
const { privateKey } = generateKeyPairSync('ed25519');
const key = verifierKey('note', ORIGIN, privateKey);
const leaves = Array.from({ length: 200 }, (_, index) => entryHash(Buffer.from(String(index))));
const tile: TileReader = async () => hashBytes(...leaves);

function checkpoint(size: number, fork = false): string {
  const frontier = new Frontier();
  frontier.appendAll(leaves.slice(0, size - 1));
  frontier.append(fork ? leafHash(Buffer.from('fork')) : (leaves[size - 1] ?? ''));
  return formatNote(signNote(formatCheckpoint({ origin: ORIGIN, size, root: frontier.root() }), [noteSigner(ORIGIN, privateKey)]));
}

async function ask(witness: Witness, before: number, note: string, size: number): Promise<{ status: number; body: string }> {
  const body = formatAddCheckpoint(before, await proveConsistency(before, size, tile), note);
  const response = await fetch(`${witness.url}/add-checkpoint`, { method: 'POST', body });
  return { status: response.status, body: await response.text() };
}

const start = (directory: string, seconds?: () => number): Promise<Witness> =>
  Witness.start({
    directory,
    name: 'witness.example',
    logs: [key],
    host: '127.0.0.1',
    port: 0,
    ...(seconds === undefined ? {} : { seconds }),
  });

test('given a log that grows, when its checkpoints are sent, then they are cosigned with the time', async () => {
  await using directory = await temporaryDirectory();
  await using witness = await start(directory.path, () => 1_700_000_000);
  const verifier = verifierOf(parseVerifierKey(witness.vkey));
  for (const [before, size] of [
    [0, 5],
    [5, 5],
    [5, 128],
    [128, 200],
  ] as const) {
    const note = checkpoint(size);
    const { status, body } = await ask(witness, before, note, size);
    assert.is(status, 200);
    const [signature] = readCosignatures(body, parseNote(note), verifier);
    assert.is(signature === undefined ? 0 : cosignatureTime(signature.bytes), 1_700_000_000);
  }
});

test('given a witness that was stopped, when it comes back, then it has its key, and remembers what it cosigned', async () => {
  await using directory = await temporaryDirectory();
  let vkey = '';
  {
    await using witness = await start(directory.path);
    vkey = witness.vkey;
    assert.is((await ask(witness, 0, checkpoint(100), 100)).status, 200);
  }
  await using witness = await start(directory.path);
  assert.is(witness.vkey, vkey);
  assert.equal(await ask(witness, 0, checkpoint(150), 150), { status: 409, body: '100\n' });
  assert.is((await ask(witness, 100, checkpoint(100, true), 100)).status, 409);
  assert.is((await ask(witness, 100, checkpoint(150), 150)).status, 200);
  assert.is((await stat(join(directory.path, 'key.pem'))).mode & 0o777, 0o600);
});

test('given a log with two histories, when the second is sent, then it is not cosigned, and the first goes on', async () => {
  await using directory = await temporaryDirectory();
  await using witness = await start(directory.path);
  assert.is((await ask(witness, 0, checkpoint(100), 100)).status, 200);
  assert.is((await ask(witness, 100, checkpoint(100, true), 100)).status, 409);
  assert.is((await ask(witness, 100, checkpoint(150, true), 150)).status, 422);
  assert.is((await ask(witness, 100, checkpoint(150), 150)).status, 200);
});

test('given many requests at once that all follow from the same checkpoint, when they are judged, then one wins', async () => {
  await using directory = await temporaryDirectory();
  await using witness = await start(directory.path);
  const statuses = await Promise.all(
    Array.from({ length: 20 }, async (_, at) => (await ask(witness, 0, checkpoint(at + 1), at + 1)).status),
  );
  assert.equal(statuses.toSorted(), [200, ...Array.from({ length: 19 }, () => 409)]);
});

test('given requests that are none, when they are sent, then they are refused, and nothing is kept', async () => {
  await using directory = await temporaryDirectory();
  await using witness = await start(directory.path);
  const post = async (body: string | Uint8Array<ArrayBuffer>): Promise<number> =>
    (await fetch(`${witness.url}/add-checkpoint`, { method: 'POST', body })).status;
  assert.is(await post(''), 400);
  assert.is(await post(Uint8Array.of(0xff, 0xfe)), 400);
  assert.is(await post('x'.repeat(300_000)), 413);
  assert.is(await post(formatAddCheckpoint(0, [], checkpoint(5).replace(ORIGIN, 'example.com/none'))), 404);
  assert.is((await fetch(`${witness.url}/add-checkpoint`)).status, 405);
  assert.is((await fetch(`${witness.url}/`)).status, 404);
  assert.equal(await readdir(directory.path), ['key.pem']);
});

test('given files that were tampered with, when the witness starts, then it refuses', async () => {
  await using directory = await temporaryDirectory();
  {
    await using witness = await start(directory.path);
    await ask(witness, 0, checkpoint(100), 100);
  }
  const [file = ''] = (await readdir(directory.path)).filter((name) => name !== 'key.pem');
  await writeFile(join(directory.path, file), checkpoint(50).replace('50', '51'));
  const codeOf = (work: Promise<unknown>): Promise<string> =>
    work.then(
      () => 'it started',
      (error: unknown) => (error instanceof ShiplogError ? error.code : String(error)),
    );
  assert.is(await codeOf(start(directory.path)), 'CHECKPOINT_CONFLICT');
  await writeFile(join(directory.path, 'key.pem'), 'no key');
  assert.is(await codeOf(start(directory.path)), 'SIGNING_KEY_INVALID');
});

test.run();
