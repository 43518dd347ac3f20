import { type Caller, type RegistryAuth, ShiplogError } from '@shiplog/contracts';
import type { EngineCore } from '../core.ts';
import { imageSources } from '../drivers/image-sources.ts';
import { registryRead } from './registry-read.ts';

/** Has the first image source that can ask a registry whether it takes these credentials, and records what it answered: see Engine.login. */
export async function registryLogin(
  core: EngineCore,
  registry: string,
  auth: RegistryAuth,
  caller: Caller,
  signal: AbortSignal,
): Promise<void> {
  const { username } = auth;
  const data = { registry, ...(username === undefined ? {} : { username }) };
  await registryRead(core, caller, auth, { type: 'registry.login', data }, async (op) => {
    const [source] = imageSources(core.parts.drivers, 'login');
    if (source === undefined) throw new ShiplogError('NOT_SUPPORTED', 'no image source that can be used here knows of logging in');
    await core.call('image-source', source.name, 'login', { registry, auth }, { op, signal });
  });
}
