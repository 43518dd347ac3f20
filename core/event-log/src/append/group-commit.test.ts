import { setImmediate as turn, setTimeout as sleep } from 'node:timers/promises';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type Batch, GroupCommit } from './group-commit.ts';
import { Pace } from './pace.ts';
import { errorOf } from '../samples.test.util.ts';

const test = suite('group commit');

/** Numbers that are written when told. */
class Numbers implements Batch {
  readonly items: number[] = [];
  readonly #write: (items: readonly number[]) => Promise<void>;

  constructor(write: (items: readonly number[]) => Promise<void>) {
    this.#write = write;
  }

  get count(): number {
    return this.items.length;
  }

  close(): void {}

  write(): Promise<void> {
    return this.#write(this.items);
  }

  written(): void {}
}

/** Commits of numbers by `write`. */
function commitsBy(write: (items: readonly number[]) => Promise<void>, pace?: Pace) {
  const commits = new GroupCommit(() => new Numbers(write), undefined, pace);
  return {
    add: (items: readonly number[], lazy = false) => commits.add((batch) => void batch.items.push(...items), lazy),
    flushed: () => commits.flushed(),
    get failure() {
      return commits.failure;
    },
  };
}

/** A writer whose writes end when told. */
function held() {
  const writes: { items: readonly number[]; end: PromiseWithResolvers<void> }[] = [];
  const commits = commitsBy((items) => {
    const end = Promise.withResolvers<void>();
    writes.push({ items: [...items], end });
    return end.promise;
  });
  return { commits, writes };
}

test('given items that nobody waits for, when others follow, then one write takes all; alone they are written a little later', async () => {
  const { commits, writes } = held();
  const lazy = commits.add([1], true);
  await turn();
  await turn();
  assert.is(writes.length, 0);
  const urgent = commits.add([2]);
  await turn();
  const taken = () => writes.map(({ items }) => items);
  assert.equal(taken(), [[1, 2]]);
  const later = commits.add([3], true);
  writes[0]?.end.resolve();
  await Promise.all([lazy, urgent]);
  await turn();
  assert.is(writes.length, 1);
  while (writes.length === 1) await sleep(5);
  assert.equal(taken(), [[1, 2], [3]]);
  writes[1]?.end.resolve();
  await later;
});

test('given items that nobody waits for, when all is to be on disk, then they are written at once', async () => {
  const { commits, writes } = held();
  void commits.add([1], true);
  const flushed = commits.flushed();
  await turn();
  assert.is(writes.length, 1);
  writes[0]?.end.resolve();
  await flushed;
});

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
  const commits = commitsBy(async (items) => {
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

/** Sizes of the writes of 300 who go round ten times, by a clock on which a write and what each of them does take so long. */
async function sizesOfHundreds(write: number, work: number): Promise<readonly number[]> {
  let written = 0;
  let worked = 0;
  const sizes: number[] = [];
  const commits = commitsBy(
    async (items) => {
      sizes.push(items.length);
      await turn();
      written += write;
    },
    new Pace(
      () => written + worked,
      () => worked,
    ),
  );
  const one = async (): Promise<void> => {
    for (let round = 0; round < 10; round++) {
      worked += work;
      await commits.add([round]);
    }
  };
  await Promise.all(Array.from({ length: 300 }, one));
  assert.is(
    sizes.reduce((sum, size) => sum + size, 0),
    3000,
  );
  return sizes;
}

test('given a crowd of hundreds whose work takes longer than a write, when it goes round, then one half is written while the other half comes', async () => {
  assert.equal((await sizesOfHundreds(1, 1)).slice(0, 4), [128, 172, 128, 172]);
});

test('given a crowd of hundreds whose work takes less than a write, when it goes round, then all share each write, once that is known', async () => {
  const sizes = await sizesOfHundreds(1000, 1);
  assert.is(sizes[0], 128);
  assert.is(sizes.filter((size) => size === 300).length >= 8, true, sizes.join(' '));
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

test('given a write whose end cannot be noted, when others wait, then all are rejected with LOG_CLOSED, which is told once', async () => {
  let failures = 0;
  class Unnoted extends Numbers {
    override written(): void {
      throw new Error('no witness');
    }
  }
  const commits = new GroupCommit(
    () => new Unnoted(async () => undefined),
    () => failures++,
  );
  const first = commits.add((batch) => void batch.items.push(1));
  await turn();
  const second = commits.add((batch) => void batch.items.push(2));
  for (const durable of [first, second]) assert.is((await errorOf(() => durable))?.code, 'LOG_CLOSED');
  assert.is(commits.failure?.code, 'LOG_CLOSED');
  assert.is((await errorOf(() => commits.flushed()))?.code, 'LOG_CLOSED');
  assert.is(failures, 1);
});

test.run();
