import { type Caller, type RegistryAuth, type Result, ShiplogError } from '@shiplog/contracts';
import type { EngineCore } from '../core.ts';
import { imageSources } from '../drivers/image-sources.ts';
import { secretsOf } from '../operations/registry-auth.ts';
import { redact } from '../secrets/redact.ts';
import { scrubbed } from '../secrets/scrub.ts';

/** Has the first image source that can ask a registry whether it takes these credentials, and records what it answered: see Engine.login. */
export async function registryLogin(
  core: EngineCore,
  registry: string,
  auth: RegistryAuth,
  asking: Caller,
  signal: AbortSignal,
): Promise<void> {
  const { parts, secrets, ledger } = core;
  const { clock } = parts;
  const caller = await core.readyKeyless(asking);
  const op = parts.identities.op();
  const began = clock.ms();
  const error = await ask(core, registry, auth, op, signal).then(
    () => undefined,
    (thrown: unknown) => scrubbed(ShiplogError.wrap(thrown), secretsOf(auth), secrets.rules),
  );
  const ms = Math.round((clock.ms() - began) * 1000) / 1000;
  const result: Result = error === undefined ? { status: 'ok', ms } : { status: statusOf(error), ms, error: error.toRecord() };
  const username = auth.username === undefined ? {} : { username: redact(auth.username, secrets.rules) };
  await ledger.append({
    stamp: core.stamp(caller, op),
    events: [{ stream: 'engine', type: 'registry.login', kind: 'meta', data: { registry, ...username }, result }],
  }).durable;
  if (error !== undefined) throw error;
}

async function ask(core: EngineCore, registry: string, auth: RegistryAuth, op: string, signal: AbortSignal): Promise<void> {
  const [source] = imageSources(core.parts.drivers, 'login');
  if (source === undefined) throw new ShiplogError('NOT_SUPPORTED', 'no image source that can be used here knows of logging in');
  await core.call('image-source', source.name, 'login', { registry, auth }, { op, signal });
}

function statusOf({ code }: ShiplogError): Result['status'] {
  if (code === 'CANCELED') return 'canceled';
  return code === 'REGISTRY_DENIED' ? 'refused' : 'failed';
}
