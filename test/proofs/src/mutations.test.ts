// time limit: 240 s
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { checkProof, formatHash, formatProof, parseCheckpoint, parseNote, parseProof, TlogError, verifyNote } from '@shiplog/tlog';
import { GoChecker } from './go-checker.ts';
import { MemoryLog } from './log.ts';
import { randomSource } from './random.ts';

const test = suite('proofs that were changed');

const MUTATIONS = 10_000;
const LARGEST = 5000;
const log = new MemoryLog(LARGEST);
const random = randomSource(20_261_125);

/** Ways to change a proof. Each answers another text, or the same where it cannot apply. */
const CHANGES: { readonly [name: string]: (text: string) => string } = {
  'a bit flipped': (text) => {
    const bytes = Buffer.from(text);
    const at = random(bytes.length);
    bytes[at] = (bytes[at] ?? 0) ^ (1 << random(8));
    return bytes.toString('utf8');
  },
  truncated: (text) => text.slice(0, random(text.length)),
  'a character dropped': (text) => {
    const at = random(text.length);
    return text.slice(0, at) + text.slice(at + 1);
  },
  'a character doubled': (text) => {
    const at = random(text.length);
    return text.slice(0, at) + text.slice(at).charAt(0) + text.slice(at);
  },
  'two lines swapped': (text) => {
    const lines = text.split('\n');
    const [one, other] = [random(lines.length), random(lines.length)];
    return lines
      .with(one, lines[other] ?? '')
      .with(other, lines[one] ?? '')
      .join('\n');
  },
  'a line dropped': (text) =>
    text
      .split('\n')
      .toSpliced(random(text.split('\n').length), 1)
      .join('\n'),
  'a line doubled': (text) => {
    const lines = text.split('\n');
    const at = random(lines.length);
    return lines.toSpliced(at, 0, lines[at] ?? '').join('\n');
  },
  'two hashes swapped': (text) => {
    const proof = parseProof(text);
    const [one, other] = [random(proof.proof.length), random(proof.proof.length)];
    const hashes = proof.proof.with(one, proof.proof[other] ?? '').with(other, proof.proof[one] ?? '');
    return formatProof({ ...proof, proof: hashes });
  },
  'a hash of another tree': (text) => {
    const proof = parseProof(text);
    return formatProof({ ...proof, proof: proof.proof.with(random(proof.proof.length), log.roots[1 + random(LARGEST)] ?? '') });
  },
  'another index': (text) => text.replace(/^index \d+$/m, `index ${random(LARGEST)}`),
  'another size': (text) => text.replace(/^(example\.com\/log\n)\d+$/m, `$1${random(LARGEST)}`),
  'another entry': (text) => text.replace(/^extra .*$/m, `extra ${log.entry(random(LARGEST)).toString('base64')}`),
};

async function anyProof(): Promise<string> {
  const size = 3 + random(LARGEST - 3);
  return random(2) === 0 ? log.inclusion(random(size), size) : log.consistency(1 + random(size - 1), size);
}

/** A doubled cosignature of the same witness says nothing that was not said: the one change that harms nothing. */
function sameStatement(before: string, after: string): boolean {
  const signatures = (text: string): string =>
    [...new Set(parseNote(parseProof(text).checkpoint).signatures.map(({ name, id, bytes }) => `${name} ${id} ${bytes.toString('hex')}`))]
      .toSorted()
      .join();
  try {
    const [one, other] = [parseProof(before), parseProof(after)];
    return (
      formatProof({ ...one, checkpoint: parseNote(one.checkpoint).text }) ===
        formatProof({ ...other, checkpoint: parseNote(other.checkpoint).text }) && signatures(before) === signatures(after)
    );
  } catch {
    return false;
  }
}

test(`given ${MUTATIONS} changes to proofs of both kinds, when they are checked, then none is accepted`, async () => {
  const names = Object.keys(CHANGES);
  const refusals = new Map<string, number>();
  let text = await anyProof();
  for (let done = 0; done < MUTATIONS;) {
    if (done % 25 === 0) text = await anyProof();
    const name = names[random(names.length)] ?? '';
    const changed = CHANGES[name]?.(text) ?? text;
    if (changed === text || sameStatement(text, changed)) continue;
    checkProof(text, log.trust);
    assert.throws(
      () => checkProof(changed, log.trust),
      (error: unknown) => error instanceof TlogError,
      `${name}:\n${text}\nto\n${changed}`,
    );
    refusals.set(name, (refusals.get(name) ?? 0) + 1);
    done++;
  }
  for (const name of names) assert.ok((refusals.get(name) ?? 0) > 100, `${name} was hardly tried`);
});

test('given 1,000 changes that can be told to Go, when it checks them, then it accepts none either', async () => {
  await using go = await GoChecker.start();
  const vkeys = [log.vkey];
  for (let done = 0; done < 1000;) {
    const text = await anyProof();
    const proof = parseProof(text);
    const { size, root } = parseCheckpoint(parseNote(proof.checkpoint).text);
    if (proof.proof.length < 2) continue;
    const at = random(proof.proof.length);
    const wrong = proof.proof.with(at, proof.proof[(at + 1) % proof.proof.length] ?? '').map(formatHash);
    const requests =
      proof.kind === 'inclusion'
        ? [
            { op: 'inclusion', index: proof.index, size, root: formatHash(root), data: proof.data?.toString('base64'), proof: wrong },
            {
              op: 'inclusion',
              index: (proof.index + 1) % size,
              size,
              root: formatHash(root),
              data: proof.data?.toString('base64'),
              proof: proof.proof.map(formatHash),
            },
          ]
        : [
            {
              op: 'consistency',
              before: parseCheckpoint(parseNote(proof.old).text).size,
              size,
              oldRoot: formatHash(parseCheckpoint(parseNote(proof.old).text).root),
              root: formatHash(root),
              proof: wrong,
            },
          ];
    const bytes = Buffer.from(proof.checkpoint);
    // The log's part alone: Go knows no cosignatures and, as the specification has it, overlooks them.
    const end = bytes.lastIndexOf('\n', -2);
    const flip = random(end);
    bytes[flip] = (bytes[flip] ?? 0) ^ (1 << random(7));
    const note = bytes.toString('utf8');
    for (const request of [...requests, { op: 'note', note, keys: vkeys }]) {
      const { ok } = await go.ask(request);
      assert.not(ok, JSON.stringify(request));
      done++;
    }
  }
  const checkpoint = parseNote(await log.checkpoint(10));
  assert.is(verifyNote(checkpoint, log.trust.log).length, 1);
});

test.run();
