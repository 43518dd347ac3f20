import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type Digest, ShiplogError } from '@shiplog/contracts';
import { chainId, chainIds, digestStream, isDigest, sha256Of } from './digest.ts';

const test = suite('digest');
const EMPTY: Digest = 'sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855';

async function* parts(...texts: readonly string[]): AsyncGenerator<Uint8Array, void, undefined> {
  for (const text of texts) yield Buffer.from(text);
}

async function drain(source: AsyncIterable<Uint8Array>): Promise<string> {
  let text = '';
  for await (const chunk of source) text += Buffer.from(chunk).toString();
  return text;
}

test('given texts, when they are checked, then only lower-case sha256 digests pass', () => {
  assert.ok(isDigest(EMPTY));
  for (const text of [
    '',
    EMPTY.toUpperCase(),
    EMPTY.slice(0, -1),
    `${EMPTY}0`,
    `${EMPTY}\n`,
    EMPTY.replace('sha256', 'sha512'),
    '../../etc',
    7,
    null,
  ]) {
    assert.not(isDigest(text));
  }
});

test('given a stream, when it passes, then it is unchanged and its digest and length are known', async () => {
  const stream = digestStream(parts('ab', '', 'c'));
  assert.not(stream.complete);
  assert.throws(() => stream.digest());
  assert.is(await drain(stream), 'abc');
  assert.is(stream.digest(), sha256Of('abc'));
  assert.is(stream.bytes, 3);
  assert.ok(stream.complete);
  const empty = digestStream(parts());
  await drain(empty);
  assert.is(empty.digest(), EMPTY);
});

test('given an announced digest or size, when the content differs, then it is DIGEST_MISMATCH', async () => {
  await drain(digestStream(parts('abc'), { expected: sha256Of('abc'), size: 3 }));
  for (const announced of [{ expected: EMPTY }, { size: 2 }, { size: 4 }]) {
    const stream = digestStream(parts('a', 'bc'), announced);
    try {
      await drain(stream);
      assert.unreachable();
    } catch (error) {
      assert.ok(error instanceof ShiplogError && error.code === 'DIGEST_MISMATCH');
    }
    assert.not(stream.complete);
  }
});

test('given diff ids, when they are chained, then each chain id hashes the one below and the diff id', () => {
  const [a, b, c] = [sha256Of('a'), sha256Of('b'), sha256Of('c')];
  assert.is(chainId(undefined, a), a);
  const ab = sha256Of(`${a} ${b}`);
  assert.equal(chainIds([a, b, c]), [a, ab, sha256Of(`${ab} ${c}`)]);
  assert.equal(chainIds([]), []);
});

test.run();
