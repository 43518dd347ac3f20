import { ShiplogError } from '@shiplog/contracts';

/** One call that went through the door: `mounts.mount`, and the arguments as given. */
export interface RecordedCall {
  readonly call: string;
  readonly args: readonly unknown[];
}

/** Writes calls down, and lets those fail that are to. */
export class Recorder {
  readonly calls: RecordedCall[] = [];
  readonly #failures = new Map<string, Error>();

  note(call: string, ...args: unknown[]): void {
    this.calls.push({ call, args });
    const failure = this.#failures.get(call);
    if (failure === undefined) return;
    this.#failures.delete(call);
    throw failure;
  }

  /** Lets the next call of this name fail with KERNEL_CALL_FAILED and the errno, or with the error given. */
  failNext(call: string, failure: string | Error): void {
    this.#failures.set(call, typeof failure === 'string' ? refused(call, failure, {}) : failure);
  }
}

export function refused(call: string, errno: string, facts: { readonly [fact: string]: unknown }): ShiplogError {
  return new ShiplogError('KERNEL_CALL_FAILED', `${call} failed with ${errno}`, { call, errno, ...facts });
}
