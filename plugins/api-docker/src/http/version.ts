import { ShiplogError } from '@shiplog/contracts';

/** The version this API says it is: responses have its shapes unless the path asks for an older one. */
export const API_VERSION = '1.51';
/** The oldest version a path may ask for. */
export const MIN_API_VERSION = '1.24';

/** An API version, comparable with {@link atLeast}. */
export interface ApiVersion {
  readonly text: string;
  readonly numbers: readonly number[];
}

/** The version a path asks for with `/v1.44/…` (the newest when it has no such prefix), served or not, and the rest of the path. */
export function splitVersion(path: string): { readonly version: ApiVersion; readonly path: string } {
  const match = /^\/v([0-9.]+)(\/.*)?$/.exec(path);
  if (match === null) return { version: parseVersion(API_VERSION), path };
  return { version: parseVersion(match[1] ?? ''), path: match[2] ?? '/' };
}

/** Throws REQUEST_INVALID when a version is too old or too new. */
export function checkVersion(version: ApiVersion): void {
  if (!atLeast(version, MIN_API_VERSION)) {
    throw new ShiplogError(
      'REQUEST_INVALID',
      `client version ${version.text} is too old. Minimum supported API version is ${MIN_API_VERSION}, please upgrade your client to a newer version`,
    );
  }
  if (compare(version.numbers, parseVersion(API_VERSION).numbers) > 0) {
    throw new ShiplogError('REQUEST_INVALID', `client version ${version.text} is too new. Maximum supported API version is ${API_VERSION}`);
  }
}

/** Whether `version` is `minimum` or newer. */
export function atLeast(version: ApiVersion, minimum: string): boolean {
  return compare(version.numbers, parseVersion(minimum).numbers) >= 0;
}

/** A version from its text; parts that are no number count as 0. */
export function parseVersion(text: string): ApiVersion {
  return { text, numbers: text.split('.').map((part) => Number.parseInt(part, 10) || 0) };
}

function compare(a: readonly number[], b: readonly number[]): number {
  for (let i = 0; i < Math.max(a.length, b.length); i += 1) {
    const difference = (a[i] ?? 0) - (b[i] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}
