// time limit: 900 s
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { killEverywhere } from './kill-everywhere.ts';
import { rowsOf } from './report.ts';
import { MIXED_SHELVES } from './shelf.ts';

const test = suite('an engine with other drivers, killed');

/** Steps of the drivers that an engine does not have by default. `npm run crash -- drivers` tries all others beside them. */
const OTHERS = /^(storage\/(vfs|btrfs)|network\/(macvlan|none|host)|runtime\/runc|log\/local|volume\/docker-plugin) /;

for (const shelf of MIXED_SHELVES)
  test(`given ${shelf.name}, when the engine is killed at any step of theirs, then the next one finds log and reality in agreement, and nothing stays`, async () => {
    const { verbs = [] } = shelf;
    const killed = await killEverywhere({ shelf, verbs, calls: OTHERS });
    assert.equal(
      killed.filter(({ problems }) => problems.length > 0),
      [],
    );
    assert.is(rowsOf(killed).length, verbs.length);
  });

test.run();
