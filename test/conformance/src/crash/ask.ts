import { createContext, type DriverFamilies, type VerbKind } from '@shiplog/contracts';
import type { Call } from './call.ts';
import type { StepRecords } from './step-records.ts';

/** Makes a call. The same call has the same operation, each time it is made. */
export async function ask<K extends VerbKind>(driver: DriverFamilies[K], { verb, args }: Call, journal?: StepRecords): Promise<unknown> {
  const method: unknown = driver[verb as keyof DriverFamilies[K]];
  if (typeof method !== 'function') throw new Error(`the driver has no verb ${verb}`);
  const ctx = createContext({ op: `kit-${verb}`, signal: AbortSignal.timeout(60_000), ...(journal === undefined ? {} : { journal }) });
  return Reflect.apply(method, driver, [args, ctx]) as unknown;
}
