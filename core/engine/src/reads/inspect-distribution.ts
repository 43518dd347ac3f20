import { type BlobDescriptor, type Caller, createContext, type Distribution, type RegistryAuth } from '@shiplog/contracts';
import { canonical, parseReference, referenceParts } from '@shiplog/oci';
import { ENDING_MS } from '../base.ts';
import type { EngineCore } from '../core.ts';
import { resolveImage } from '../drivers/resolve-image.ts';
import { registryRead } from './registry-read.ts';

/** Says what a pull would bring, and records who asked: see Engine.distribution. */
export async function inspectDistribution(
  core: EngineCore,
  asked: string,
  auth: RegistryAuth,
  caller: Caller,
  signal: AbortSignal,
): Promise<Distribution> {
  const { drivers, chosen } = core.parts;
  const parsed = parseReference(asked);
  const reference = canonical(parsed);
  const data = { registry: referenceParts(reference).domain, ref: asked };
  return registryRead(core, caller, auth, { type: 'registry.inspect', data }, async (op) => {
    const ctx = { op, signal };
    const { source, descriptor } = await resolveImage(drivers, { asked, digest: parsed.digest }, async (name) => {
      const answer = await core.call('image-source', name, 'resolve', { reference, auth }, ctx);
      // Checked against the verb table.
      return (answer as { readonly descriptor?: BlobDescriptor }).descriptor;
    });
    const fetch = async ({ mediaType, digest, size }: BlobDescriptor, path: string): Promise<void> => {
      // It writes into a directory that goes afterwards.
      const options = { endingMs: ENDING_MS };
      await core.call('image-source', source, 'fetch', { reference, mediaType, digest, size, path, auth }, ctx, options);
    };
    const store = drivers.get('image-store', chosen.imageStore);
    return { descriptor, platforms: await store.platforms(op, descriptor, fetch, createContext(ctx)) };
  });
}
