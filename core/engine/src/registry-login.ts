import { type RegistryAuth, ShiplogError } from '@shiplog/contracts';
import type { EngineCore } from './core.ts';
import { secretsOf } from './operations/registry-auth.ts';
import { scrubbed } from './secrets/scrub.ts';

/** Has the first image source that can ask a registry whether it takes these credentials: see Engine.login. */
export async function registryLogin(core: EngineCore, registry: string, auth: RegistryAuth, signal: AbortSignal): Promise<void> {
  const { parts, secrets } = core;
  const source = parts.drivers
    .list()
    .find(({ kind, probe, capabilities }) => kind === 'image-source' && probe.usable && capabilities['login'] === true);
  if (source === undefined) throw new ShiplogError('NOT_SUPPORTED', 'no image source that can be used here knows of logging in');
  try {
    await core.call('image-source', source.name, 'login', { registry, auth }, { op: parts.identities.op(), signal });
  } catch (error) {
    throw scrubbed(ShiplogError.wrap(error), secretsOf(auth), secrets.rules);
  }
}
