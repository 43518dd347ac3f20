import type { DriverKind } from '@shiplog/contracts';

/** One call of a driver: which verb, about what. */
export interface DriverCall {
  readonly kind: DriverKind;
  readonly driver: string;
  readonly verb: string;
  /** Of the container, snapshot, network, endpoint, secret or ingest. */
  readonly id: string;
  /** Operation, where the call has one. */
  readonly op?: string;
}

/** Told every call that changes the host; calls `effect` when it happens, if it does, and resolves with its answer. */
export type Around = <R>(call: DriverCall, effect: () => R) => Promise<R>;

/** Makes the calls of one driver. */
export type Act = <R>(verb: string, id: string, effect: () => R, op?: string) => Promise<R>;

export function acting(around: Around, kind: DriverKind, driver: string): Act {
  return (verb, id, effect, op) => around({ kind, driver, verb, id, ...(op === undefined ? {} : { op }) }, effect);
}
