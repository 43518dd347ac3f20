import { cp, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { temporaryDirectory } from '@shiplog/test-support';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { openLevelLog } from './level-log.ts';
import { all, IDENTITY, samples } from './samples.test.util.ts';

const GOLDEN = fileURLToPath(new URL('../golden/', import.meta.url));

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
    const head = (await readFile(join(GOLDEN, release, 'head'), 'utf8')).trim();
    assert.equal(await log.verify(), { events: expected.length, head, damage: [] }, release);
    await log.append(samples(0, 3)).durable;
    assert.is(log.durableSeq, expected.length + 2);
    await log.close();
  }
});

test.run();
