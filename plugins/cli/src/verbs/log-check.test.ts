import { generateKeyPairSync } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { temporaryDirectory } from '@shiplog/test-support';
import {
  cosigner,
  entryHash,
  formatCheckpoint,
  formatNote,
  formatProof,
  formatVerifierKey,
  Frontier,
  hashBytes,
  noteSigner,
  proveConsistency,
  proveInclusion,
  signNote,
  verifierKey,
} from '@shiplog/tlog';
import { runShiplog } from '../run-shiplog.test.double.ts';

const test = suite('shiplog log check');

const ORIGIN = 'shiplog/0123456789ab';
const log = generateKeyPairSync('ed25519').privateKey;
const witness = generateKeyPairSync('ed25519').privateKey;
const KEY = formatVerifierKey(verifierKey('note', ORIGIN, log));
const OTHER = formatVerifierKey(verifierKey('note', ORIGIN, generateKeyPairSync('ed25519').privateKey));
const WITNESS = formatVerifierKey(verifierKey('cosignature', 'witness.example', witness));
const EVENTS = Array.from({ length: 9 }, (_, seq) => Buffer.from(JSON.stringify({ seq, note: 'a\u009b31mb' })));
const tile = async (): Promise<Buffer> => hashBytes(...EVENTS.map((event) => entryHash(event)));

function checkpoint(size: number): string {
  const frontier = new Frontier();
  frontier.appendAll(EVENTS.slice(0, size).map((event) => entryHash(event)));
  const text = formatCheckpoint({ origin: ORIGIN, size, root: frontier.root() });
  return formatNote(signNote(text, [noteSigner(ORIGIN, log), cosigner('witness.example', witness, () => 1_700_000_000)]));
}

const inclusion = async (index: number): Promise<string> =>
  formatProof({
    kind: 'inclusion',
    data: EVENTS[index] ?? Buffer.alloc(0),
    index,
    proof: await proveInclusion(index, 9, tile),
    checkpoint: checkpoint(9),
  });
const consistency = async (before: number): Promise<string> =>
  formatProof({ kind: 'consistency', old: checkpoint(before), proof: await proveConsistency(before, 9, tile), checkpoint: checkpoint(9) });

test('given a proof of an event, when it is checked without an engine, then it says what is proven, and the exit code agrees', async () => {
  await using directory = await temporaryDirectory();
  const path = join(directory.path, 'p');
  await writeFile(path, await inclusion(4));
  const { code, stdout, stderr } = await runShiplog(['log', 'check', path, '--key', KEY, '--witness', WITNESS]);
  assert.is(code, 0, stderr);
  assert.equal(stdout.trimEnd().split('\n'), [
    `event 4 is in the log ${ORIGIN}, among 9 events`,
    'cosigned by witness.example at 2023-11-14T22:13:20.000Z',
    // A terminal would obey the character.
    '{"seq":4,"note":"a\\u009b31mb"}',
  ]);
  const json = await runShiplog(['log', 'check', path, '--key', KEY, '--format', 'json']);
  const {
    kind,
    seq,
    event,
    checkpoint: head,
  } = JSON.parse(json.stdout) as {
    readonly kind: string;
    readonly seq: number;
    readonly event: { readonly seq: number };
    readonly checkpoint: { readonly origin: string; readonly size: number };
  };
  assert.equal([kind, seq, event.seq, head.origin, head.size], ['inclusion', 4, 4, ORIGIN, 9]);
  assert.equal(await runShiplog(['log', 'check', path, '--key', KEY, '-q']), { code: 0, stdout: '', stderr: '' });
});

test('given what proves nothing, when it is checked, then exit code 1 and a reason', async () => {
  await using directory = await temporaryDirectory();
  const path = join(directory.path, 'p');
  const check = async (text: string | Uint8Array, ...flags: readonly string[]): Promise<string> => {
    await writeFile(path, text);
    const { code, stdout, stderr } = await runShiplog(['log', 'check', path, ...flags]);
    assert.is(code, 1, `${stdout}${stderr}`);
    assert.is(stdout, '');
    return stderr;
  };
  const good = await inclusion(4);
  assert.match(await check(good.replace('index 4', 'index 3'), '--key', KEY), /does not lead to the root/);
  assert.match(await check(good, '--key', OTHER), /no signature of shiplog/);
  assert.match(await check(good.replace(/^\u2014 witness.*\n/m, ''), '--key', KEY, '--witness', WITNESS), /did not cosign/);
  assert.match(await check(good.slice(0, 100), '--key', KEY), /proves nothing/);
  assert.match(await check(Uint8Array.of(0xff), '--key', KEY), /not UTF-8/);
  assert.match(await check('', '--key', KEY), /no proof/);
});

test('given a proof of consistency, when it is checked against a kept checkpoint, then only that one will do', async () => {
  await using directory = await temporaryDirectory();
  const [path, kept] = [join(directory.path, 'p'), join(directory.path, 'kept')];
  await writeFile(path, await consistency(5));
  const check = async (old: string): Promise<{ readonly code: number; readonly stdout: string; readonly stderr: string }> => {
    await writeFile(kept, old);
    return runShiplog(['log', 'check', path, '--key', KEY, '--kept', kept]);
  };
  assert.match((await check(checkpoint(5))).stdout, /the first 5 of 9 events/);
  const other = await check(checkpoint(6));
  assert.is(other.code, 1);
  assert.match(other.stderr, /consistency 6\.\./);
  assert.is((await check(checkpoint(5).replace('\n5\n', '\n4\n'))).code, 1);
});

test('given command lines that cannot be meant, when they are run, then exit code 125 and a hint, and no engine is asked', async () => {
  await using directory = await temporaryDirectory();
  const path = join(directory.path, 'p');
  await writeFile(path, await inclusion(4));
  for (const [words, reason] of [
    [['check', path], /--key is missing/],
    [['check', path, '--key', 'nonsense'], /--key: "nonsense" is no public key/],
    [['check', path, '--key', WITNESS], /wants the key of a log/],
    [['check', path, '--key', KEY, '--witness', KEY], /wants the key of a witness/],
    [['check', path, '--key', KEY, '--kept', path], /goes with a proof of consistency/],
    [['check', path, '--key', KEY, '--format', 'xml'], /--format takes json/],
    [['prove'], /give a position, or --consistency/],
    [['prove', '3', '--consistency', '1..2'], /not both/],
    [['prove', 'x'], /SEQ is the position/],
    [['prove', '--consistency', '5..2'], /the smaller first/],
    [['checkpoint', '--size', 'x'], /--size is a number/],
    [['export', '--tiles', 'd', '--from', '5'], /--tiles mirrors the log as it is/],
  ] as const) {
    const { code, stderr } = await runShiplog(['log', ...words]);
    assert.is(code, 125, `${words.join(' ')}: ${stderr}`);
    assert.match(stderr, reason);
  }
  assert.is((await runShiplog(['log', 'check', join(directory.path, 'none'), '--key', KEY])).code, 1);
});

test.run();
