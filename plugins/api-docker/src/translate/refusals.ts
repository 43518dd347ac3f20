import { ShiplogError } from '@shiplog/contracts';
import type { Fields } from '../http/fields.ts';

/** A configuration that contradicts itself or names something impossible. */
export function invalid(message: string): ShiplogError {
  return new ShiplogError('SPEC_INVALID', message);
}

/** Something Docker has and this engine has not, which would change what the container does. */
export function unsupported(field: string, advice = 'leave it out'): ShiplogError {
  return new ShiplogError('NOT_SUPPORTED', `${field} is not supported by this engine: ${advice}`, { field });
}

/** Refuses each of `names` that asks for something: not null, '', 0, false, and not an empty list or object. */
export function refuseFields(fields: Fields, names: readonly string[]): void {
  for (const name of names) if (fields.asks(name)) throw unsupported(name);
}
