import { AbstractLevel } from 'abstract-level';

const EVERY = 10;

type Batch = (this: unknown, ...args: unknown[]) => unknown;

/** From now on every tenth batch of any database in this process is not synced, whatever its options say. */
export function syncSometimes(): void {
  const batch = AbstractLevel.prototype.batch as unknown as Batch;
  let writes = 0;
  const lax: Batch = function (...args) {
    const [operations, options] = args;
    // Without operations it begins a batch that is written later.
    if (operations === undefined) return batch.apply(this, args);
    writes += 1;
    return batch.call(this, operations, writes % EVERY === 0 ? { ...(options as object | undefined), sync: false } : options);
  };
  Object.assign(AbstractLevel.prototype, { batch: lax });
}
