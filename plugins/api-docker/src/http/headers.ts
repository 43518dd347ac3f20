import { arch, platform } from 'node:os';
import { API_VERSION } from './version.ts';

/** Version of this package, as the `Server` header gives it. */
export const SERVER_VERSION = '0.1.0';

/** Headers that every response carries. */
export const COMMON_HEADERS: { readonly [name: string]: string } = {
  'Api-Version': API_VERSION,
  'Docker-Experimental': 'false',
  Ostype: 'linux',
  Server: `Docker/${SERVER_VERSION} (${platform()})`,
};

/** This machine's architecture in Go's spelling, as clients know it. */
export function goArchitecture(): string {
  const known: { readonly [name: string]: string } = { x64: 'amd64', ia32: '386' };
  return known[arch()] ?? arch();
}
