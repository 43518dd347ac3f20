import { createHash } from 'node:crypto';
import { cp, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { temporaryDirectory } from '@shiplog/test-support';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { canonicalJson } from './append/canonical-json.ts';
import { openLevelLog } from './disk/level-log.ts';
import { all, IDENTITY, samples } from './samples.test.util.ts';

const GOLDEN = fileURLToPath(new URL('../golden/', import.meta.url));

/** RFC 6962, section 2.1, word for word. */
function rootOf(leaves: readonly Buffer[]): Buffer {
  const sha256 = (...parts: readonly Buffer[]): Buffer => createHash('sha256').update(Buffer.concat(parts)).digest();
  const [first] = leaves;
  if (first === undefined) return sha256();
  if (leaves.length === 1) return sha256(Buffer.of(0), first);
  let k = 1;
  while (k * 2 < leaves.length) k *= 2;
  return sha256(Buffer.of(1), rootOf(leaves.slice(0, k)), rootOf(leaves.slice(k)));
}

const test = suite('golden logs');

test('given the log that each release left, when opened today, then events and head are the same and it goes on', async () => {
  const releases = await readdir(GOLDEN);
  assert.ok(releases.includes('0.1.0'));
  for (const release of releases) {
    await using temporary = await temporaryDirectory();
    const directory = join(temporary.path, 'log');
    // A copy: LevelDB rewrites files when it opens.
    await cp(join(GOLDEN, release, 'log'), directory, { recursive: true });
    const expected = (await readFile(join(GOLDEN, release, 'events.jsonl'), 'utf8')).trimEnd().split('\n');
    const log = await openLevelLog({ ...IDENTITY, directory });
    assert.equal(
      (await all(log.read())).map((event) => JSON.stringify(event)),
      expected,
      release,
    );
    const head = (await readFile(join(GOLDEN, release, 'root'), 'utf8')).trim();
    assert.is(head, rootOf(expected.map((text) => Buffer.from(canonicalJson(JSON.parse(text))))).toString('hex'), release);
    assert.equal(await log.verify(), { from: 0, events: expected.length, head, damage: [] }, release);
    await log.append(samples(0, 300)).durable;
    await log.close();
    const again = await openLevelLog({ ...IDENTITY, directory });
    assert.is((await all(again.read())).length, expected.length + 300);
    assert.equal((await again.verify()).damage, []);
    await again.close();
  }
});

test.run();
