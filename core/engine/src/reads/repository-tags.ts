import { referenceParts } from '@shiplog/oci';
import { type RegistryAuth, ShiplogError } from '@shiplog/contracts';
import type { EngineCore } from '../core.ts';
import { imageSources } from '../drivers/image-sources.ts';
import { secretsOf } from '../operations/registry-auth.ts';
import { scrubbed } from '../secrets/scrub.ts';

/** Asks image sources which tags a repository has: see Engine.tags. */
export async function repositoryTags(
  core: EngineCore,
  name: string,
  { source: only, auth = {} }: { readonly source?: string; readonly auth?: RegistryAuth },
  signal: AbortSignal,
): Promise<readonly string[] | undefined> {
  const { drivers, identities } = core.parts;
  const sources = imageSources(drivers, 'tags', only);
  const { domain, path } = referenceParts(name);
  try {
    for (const { name: source } of sources) {
      const answer = await core.call(
        'image-source',
        source,
        'tags',
        { repository: `${domain}/${path}`, auth },
        { op: identities.op(), signal },
      );
      // Checked against the verb table.
      const { tags } = answer as { readonly tags?: readonly string[] };
      if (tags !== undefined) return tags;
    }
    return undefined;
  } catch (error) {
    throw scrubbed(ShiplogError.wrap(error), secretsOf(auth), core.secrets.rules);
  }
}
