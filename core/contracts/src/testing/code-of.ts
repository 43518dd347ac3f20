import { ShiplogError } from '../errors.ts';

/** The code of the error that work ends with, `none` if it succeeds; another error than ours as text. */
export function codeOf(work: Promise<unknown>): Promise<string> {
  return work.then(
    () => 'none',
    (error: unknown) => (error instanceof ShiplogError ? error.code : String(error)),
  );
}
