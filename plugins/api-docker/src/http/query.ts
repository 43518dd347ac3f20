import { ShiplogError } from '@shiplog/contracts';

/** A boolean parameter: absent, empty, `0`, `no`, `false` and `none` are false, anything else is true. */
export function booleanOf(query: URLSearchParams, name: string, absent = false): boolean {
  const value = query.get(name);
  if (value === null || (value === '' && absent)) return absent;
  return !['', '0', 'no', 'false', 'none'].includes(value.trim().toLowerCase());
}

/** An integer parameter; undefined when absent or empty. Throws REQUEST_INVALID. */
export function integerOf(query: URLSearchParams, name: string): number | undefined {
  const value = query.get(name);
  if (value === null || value === '') return undefined;
  if (!/^-?\d{1,15}$/.test(value)) throw new ShiplogError('REQUEST_INVALID', `invalid value for ${name}: '${value}' is not an integer`);
  return Number(value);
}

/** A required whole number from 0 to 65535. Throws REQUEST_INVALID. */
export function sizeOf(query: URLSearchParams, name: string): number {
  const value = query.get(name) ?? '';
  if (!/^\d{1,5}$/.test(value) || Number(value) > 65_535) {
    throw new ShiplogError('REQUEST_INVALID', `invalid value for ${name}: '${value}' is not a terminal size`);
  }
  return Number(value);
}

/** A text parameter that must be there. Throws REQUEST_INVALID. */
export function textOf(query: URLSearchParams, name: string): string {
  const value = query.get(name);
  if (value === null || value === '') throw new ShiplogError('REQUEST_INVALID', `the parameter ${name} is required`);
  return value;
}
