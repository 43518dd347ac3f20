import { ShiplogError } from '@shiplog/contracts/errors';
import type { Platform } from './manifest.ts';

const OPERATING_SYSTEMS: ReadonlySet<string> = new Set(['linux', 'windows', 'darwin', 'freebsd']);
/** What else people call an architecture that Go has a name for. */
const ALSO_CALLED: ReadonlyMap<string, string> = new Map([
  ['x86_64', 'amd64'],
  ['x86-64', 'amd64'],
  ['i386', '386'],
  ['aarch64', 'arm64'],
  ['armhf', 'arm/v7'],
  ['armel', 'arm/v6'],
]);
const PART = /^[a-z0-9][a-z0-9_.-]{0,31}$/;

/**
 * Reads a platform as `docker --platform` takes it: `os/architecture[/variant]`, or an architecture alone, which means Linux. Throws
 * REQUEST_INVALID.
 */
export function parsePlatform(text: string): Platform {
  const given = text.toLowerCase().split('/');
  const [first = ''] = given;
  const [os = '', called = '', ...rest] = OPERATING_SYSTEMS.has(first) ? given : ['linux', ...given];
  const [architecture = '', variant] = [...(ALSO_CALLED.get(called) ?? called).split('/'), ...rest];
  const parts = [os, architecture, ...(variant === undefined ? [] : [variant])];
  if (rest.length > 1 || !parts.every((part) => PART.test(part)))
    throw new ShiplogError(
      'REQUEST_INVALID',
      `invalid platform ${JSON.stringify(text.slice(0, 100))}: give os/architecture[/variant], as in linux/arm64/v8`,
      { platform: text.slice(0, 100) },
    );
  return { os, architecture, ...(variant === undefined ? {} : { variant }) };
}
