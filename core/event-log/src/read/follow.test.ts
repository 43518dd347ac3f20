import { MemoryLevel } from 'memory-level';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { openEventLog } from '../event-log.ts';
import { IDENTITY, samples } from '../samples.test.util.ts';

const test = suite('following');

/** More turns of microtasks than there are from a write that has ended to those who are told of it. */
const TURNS = 30;

async function turns(count: number): Promise<void> {
  for (let turn = 0; turn < count; turn += 1) await undefined;
}

/** Resolves when all that goes on by itself has come to rest. */
async function rest(): Promise<void> {
  for (let turn = 0; turn < 10; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}

/** A database that tells of each of its writes some turns after it, when the log may not know yet. */
class TellingLevel extends MemoryLevel {
  constructor(
    readonly wrote: () => void,
    readonly count: number,
  ) {
    super();
  }

  override batch(...args: unknown[]): never {
    const write = async (): Promise<void> => {
      await (super.batch as (...all: unknown[]) => Promise<void>)(...args);
      this.#tell(this.count);
    };
    return write() as never;
  }

  #tell(left: number): void {
    if (left === 0) this.wrote();
    else queueMicrotask(() => this.#tell(left - 1));
  }
}

test('given a follower that looks for more while a write ends, at whichever moment, then it is given what was written', async () => {
  for (let count = 0; count < TURNS; count += 1) {
    let given: number | undefined;
    const db = new TellingLevel(() => void cursor.next().then(({ value }) => (given = value?.seq)), count);
    const log = await openEventLog({ ...IDENTITY, db });
    const cursor = log.follow({ from: 0 })[Symbol.asyncIterator]();
    await log.append(samples(0, 1)).durable;
    await rest();
    assert.is(given, 0, `after ${count} turns`);
    await cursor.return?.();
    await log.close();
  }
});

test('given a follower that is told to leave off while it looks for more, at whichever moment, then it ends', async () => {
  for (let count = 0; count < TURNS; count += 1) {
    const log = await openEventLog({ ...IDENTITY, db: new MemoryLevel() });
    const leave = new AbortController();
    const cursor = log.follow({ from: 0, signal: leave.signal })[Symbol.asyncIterator]();
    let isOver = false;
    void cursor.next().then(({ done }) => (isOver = done === true));
    await turns(count);
    leave.abort();
    await rest();
    assert.ok(isOver, `after ${count} turns`);
    await log.close();
  }
});

test.run();
