/**
 * Why something was refused: `malformed`, bytes that are no such thing; `mismatch`, well formed but not true (a hash, a signature,
 * an origin does not fit); `missing`, a signature or a tile that should be there is not.
 */
export type TlogReason = 'malformed' | 'mismatch' | 'missing';

/** What every function of this package throws of what it was given to read or check. A caller's own mistake is a RangeError. */
export class TlogError extends Error {
  override readonly name = 'TlogError';
  readonly reason: TlogReason;

  constructor(reason: TlogReason, message: string) {
    super(message);
    this.reason = reason;
  }
}
