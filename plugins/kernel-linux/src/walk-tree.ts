import type { EntryStats, TreeEntry } from '@shiplog/contracts';
import type { LaneCall } from './lane.ts';
import { FIELDS, type Walked } from './walk-ops.ts';

let last = 0;

/** Walks a tree in a kernel thread; see TreeCalls.walk. */
export async function* walkTree(call: LaneCall, root: string, depth: number): AsyncGenerator<readonly TreeEntry[], void, undefined> {
  const walk = ++last;
  await call('beginWalk', walk, root, depth);
  try {
    for (let next = call('walkOn', walk); ;) {
      const walked = await next;
      if (!walked.done) {
        // The thread goes on while these are looked at.
        next = call('walkOn', walk);
        next.catch(() => undefined);
      }
      yield entriesOf(walked);
      if (walked.done) return;
    }
  } finally {
    await call('endWalk', walk);
  }
}

function entriesOf({ paths, numbers }: Walked): readonly TreeEntry[] {
  return paths.map((path, index) => {
    const stats = new WalkedStats(numbers, index * FIELDS.length);
    return stats.mode === 0n ? { path } : { path, stats };
  });
}

/** Numbers that are read when they are asked for. */
class WalkedStats implements EntryStats {
  readonly #numbers: BigInt64Array;
  readonly #start: number;

  constructor(numbers: BigInt64Array, start: number) {
    this.#numbers = numbers;
    this.#start = start;
  }

  get dev(): bigint {
    return this.#of(0);
  }
  get ino(): bigint {
    return this.#of(1);
  }
  get mode(): bigint {
    return this.#of(2);
  }
  get nlink(): bigint {
    return this.#of(3);
  }
  get uid(): bigint {
    return this.#of(4);
  }
  get gid(): bigint {
    return this.#of(5);
  }
  get rdev(): bigint {
    return this.#of(6);
  }
  get size(): bigint {
    return this.#of(7);
  }
  get mtimeNs(): bigint {
    return this.#of(8);
  }
  get ctimeNs(): bigint {
    return this.#of(9);
  }

  #of(field: number): bigint {
    return this.#numbers[this.#start + field] ?? 0n;
  }
}
