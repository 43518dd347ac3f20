import { setImmediate as turn } from 'node:timers/promises';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { GroupCommit } from './group-commit.ts';
import { errorOf } from './samples.test.util.ts';

const test = suite('group commit');

/** A writer whose writes end when told. */
function held() {
  const writes: { items: readonly number[]; end: PromiseWithResolvers<void> }[] = [];
  const commits = new GroupCommit<number>((items) => {
    const end = Promise.withResolvers<void>();
    writes.push({ items: [...items], end });
    return end.promise;
  });
  return { commits, writes };
}

test('given a write under way, when more come, then they share the next one, and there is never a second at a time', async () => {
  const { commits, writes } = held();
  const first = commits.add([1]);
  await turn();
  const second = commits.add([2, 3]);
  const third = commits.add([4]);
  await turn();
  assert.equal(
    writes.map(({ items }) => items),
    [[1]],
  );
  writes[0]?.end.resolve();
  await first;
  await turn();
  assert.equal(
    writes.map(({ items }) => items),
    [[1], [2, 3, 4]],
  );
  writes[1]?.end.resolve();
  await Promise.all([second, third, commits.flushed()]);
});

test('given a crowd that comes again when acknowledged, when it goes round, then each round is one write', async () => {
  const sizes: number[] = [];
  const commits = new GroupCommit<number>(async (items) => {
    sizes.push(items.length);
    await turn();
  });
  const one = async (): Promise<void> => {
    for (let round = 0; round < 10; round++) await (async () => commits.add([round]))();
  };
  await Promise.all(Array.from({ length: 50 }, one));
  assert.equal(
    sizes,
    Array.from({ length: 10 }, () => 50),
  );
});

test('given a write that fails, when others wait, then all are rejected with LOG_CLOSED and nothing more is written', async () => {
  const { commits, writes } = held();
  const first = errorOf(() => commits.add([1]));
  await turn();
  const second = errorOf(() => commits.add([2]));
  const flushed = errorOf(() => commits.flushed());
  writes[0]?.end.reject(new Error('EIO'));
  for (const error of [await first, await second, await flushed, await errorOf(() => commits.flushed())])
    assert.is(error?.code, 'LOG_CLOSED');
  await turn();
  assert.is(writes.length, 1);
  assert.match(commits.failure?.message ?? '', 'EIO');
});

test.run();
