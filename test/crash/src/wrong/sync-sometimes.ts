import { AbstractChainedBatch } from 'abstract-level';

const EVERY = 10;

/** From now on every tenth write of any database in this process is not synced, whatever its options say. */
export function syncSometimes(): void {
  // eslint-disable-next-line -- the method is put back into its class, with its own `this`
  const write = AbstractChainedBatch.prototype.write as (this: unknown, options?: object) => Promise<void>;
  let writes = 0;
  AbstractChainedBatch.prototype.write = function lax(this: unknown, options?: object): Promise<void> {
    writes += 1;
    return write.call(this, writes % EVERY === 0 ? { ...options, sync: false } : options);
  };
}
