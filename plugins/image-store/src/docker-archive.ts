import { type Digest, ShiplogError } from '@shiplog/contracts';
import { type JsonFields, jsonDocument, jsonValue, MANIFEST_LIMIT_BYTES, splitLayerPath } from '@shiplog/oci';
import { type ArchiveImage, archiveImage, archiveTag, checkDigest } from './archive-image.ts';
import type { Spool } from './spool.ts';

const IMAGE_LIMIT = 1000;

/**
 * Reads the images of a docker-archive, as `docker save` writes it: `manifest.json` names the config, the layers and the tags of
 * each image; an older `repositories` file names tags by the uppermost layer. Throws ARCHIVE_INVALID, ARCHIVE_ESCAPES or DIGEST_MISMATCH.
 */
export async function dockerArchive(spool: Spool): Promise<readonly ArchiveImage[]> {
  const value = jsonValue(await spool.read(spool.file('manifest.json'), MANIFEST_LIMIT_BYTES), 'manifest.json', MANIFEST_LIMIT_BYTES);
  if (!Array.isArray(value) || value.length === 0 || value.length > IMAGE_LIMIT)
    throw invalid('manifest.json lists no images, or too many');
  const named = await repositoryTags(spool);
  const images: ArchiveImage[] = [];
  for (const [at, item] of value.entries()) {
    if (typeof item !== 'object' || item === null) throw invalid(`manifest.json, image ${at}, is not an object`);
    const fields: JsonFields = { ...item };
    const configName = fields['Config'];
    if (typeof configName !== 'string') throw invalid(`manifest.json, image ${at}, has no Config`);
    const layerNames = names(fields, 'Layers', at);
    const config = spool.file(configName);
    const announced = digestInName(configName);
    if (announced !== undefined) checkDigest(configName, announced, config.digest);
    const layers = layerNames.map((name) => {
      const file = spool.file(name);
      const inName = name.startsWith('blobs/') ? digestInName(name) : undefined;
      if (inName !== undefined) checkDigest(name, inName, file.digest);
      return { file };
    });
    const top = splitLayerPath(layerNames.at(-1) ?? '').parent;
    const tags = [...names(fields, 'RepoTags', at).map(archiveTag), ...(named.get(top) ?? [])];
    images.push(await archiveImage(spool, config, layers, [...new Set(tags.filter((tag) => tag !== undefined))]));
  }
  return images;
}

/** Tags by the directory of the uppermost layer, from the `repositories` file: name → tag → layer id. */
async function repositoryTags(spool: Spool): Promise<ReadonlyMap<string, readonly string[]>> {
  const tags = new Map<string, string[]>();
  if (!spool.has('repositories')) return tags;
  const document = jsonDocument(await spool.read(spool.file('repositories'), MANIFEST_LIMIT_BYTES), 'repositories', MANIFEST_LIMIT_BYTES);
  for (const [name, byTag] of Object.entries(document)) {
    if (typeof byTag !== 'object' || byTag === null) throw invalid('repositories holds something else than tags');
    for (const [tag, layer] of Object.entries(byTag)) {
      const known = archiveTag(`${name}:${tag}`);
      if (typeof layer !== 'string' || known === undefined) throw invalid('repositories names no layer');
      tags.set(layer, [...(tags.get(layer) ?? []), known]);
    }
  }
  return tags;
}

function names(fields: JsonFields, field: string, at: number): readonly string[] {
  const value = fields[field] ?? [];
  if (!Array.isArray(value)) throw invalid(`manifest.json, image ${at}, has no list ${field}`);
  return value.map((name: unknown) => {
    if (typeof name !== 'string') throw invalid(`manifest.json, image ${at}, has something else than names in ${field}`);
    return name;
  });
}

/** `<64 hex>.json` and `blobs/sha256/<64 hex>` say what they hold. */
function digestInName(name: string): Digest | undefined {
  const hex = /(?:^|\/)([0-9a-f]{64})(?:\.json)?$/.exec(name)?.[1];
  return hex === undefined ? undefined : `sha256:${hex}`;
}

function invalid(message: string): ShiplogError {
  return new ShiplogError('ARCHIVE_INVALID', message);
}
