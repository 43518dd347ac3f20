import type { RegistryAuth } from '@shiplog/contracts';
import { canonical, parseReference } from '@shiplog/oci';

/** What the docker command keeps credentials of Docker Hub under. */
const HUB = ['https://index.docker.io/v1/', 'index.docker.io'];

/** The credentials for the registry of a reference among those that a client sent, each under a host or a URL. */
export function authFor(registries: { readonly [registry: string]: RegistryAuth }, reference: string): RegistryAuth | undefined {
  const host = canonical(parseReference(reference)).split('/', 1)[0] ?? '';
  const names = [host, ...(host === 'docker.io' ? HUB : [])];
  const found = Object.entries(registries).find(
    ([registry]) => names.includes(registry) || names.includes(registry.replace(/^https?:\/\//, '').replace(/\/.*$/, '')),
  );
  return found?.[1];
}
