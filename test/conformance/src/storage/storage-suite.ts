import { inLab, type TestFunction } from '../in-lab.ts';
import { changesChecks } from './changes.ts';
import { concurrencyChecks } from './concurrency.ts';
import { storageCrashChecks } from './crash.ts';
import { hostileChecks } from './hostile.ts';
import { Lab, type StorageFactory } from './lab.ts';
import { layerChecks } from './layers.ts';
import { likenessChecks } from './likeness.ts';
import { lifeCycleChecks } from './life-cycle.ts';
import { noQuotaChecks, quotaChecks } from './quota.ts';

export interface StorageSuite {
  readonly test: TestFunction;
  /** Called for every check; what it gives is used by that check alone. */
  readonly factory: StorageFactory;
  /** Capability `quota` of its manifest: whether it holds snapshots to a size. False if absent. */
  readonly quotas?: boolean;
}

/**
 * Proves that a storage driver keeps the contract in `STORAGE_VERBS`, whatever it is made of. Wants root and the real
 * kernel, for files of other owners and devices; leaves nothing behind, also when a check fails.
 */
export function storageSuite({ test, factory, quotas = false }: StorageSuite): void {
  const check = inLab(test, async () => new Lab(await factory()));
  lifeCycleChecks(check);
  changesChecks(check);
  likenessChecks(check);
  layerChecks(check);
  hostileChecks(check);
  concurrencyChecks(check);
  (quotas ? quotaChecks : noQuotaChecks)(check);
  storageCrashChecks(test, factory);
}
