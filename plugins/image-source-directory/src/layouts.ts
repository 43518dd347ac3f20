import { join } from 'node:path';
import {
  type Descriptor,
  jsonDocument,
  MANIFEST_LIMIT_BYTES,
  mediaKind,
  parseIndex,
  type ReferenceParts,
  referenceParts,
} from '@shiplog/oci';
import { readRegular } from './regular-file.ts';

const LAYOUT_LIMIT_BYTES = 4096;
const [REF_NAME, IMAGE_NAME] = ['org.opencontainers.image.ref.name', 'io.containerd.image.name'] as const;

/**
 * Directories that may be the layout of a repository, the most telling first: `ROOT/docker.io/library/busybox`, `ROOT/library/busybox`,
 * `ROOT/busybox`, and ROOT itself, which may hold images of many names. The grammar of references leaves no way out of ROOT.
 */
export function layoutsFor(root: string, { domain, path }: ReferenceParts): readonly string[] {
  const short = path.replace(/^library\//, '');
  const own = domain === 'docker.io' ? [`${domain}/${path}`, path, short] : [`${domain}/${path}`];
  return [...new Set(own)].map((name) => join(root, name)).concat(root);
}

/** The entry of a layout (image-spec, image-layout.md) that the reference means; undefined where there is no layout, or none. */
export async function entryOf(layout: string, root: string, wanted: ReferenceParts): Promise<Descriptor | undefined> {
  const marker = await readRegular(join(layout, 'oci-layout'), LAYOUT_LIMIT_BYTES);
  const index = marker === undefined ? undefined : await readRegular(join(layout, 'index.json'), MANIFEST_LIMIT_BYTES);
  if (marker === undefined || index === undefined) return undefined;
  const version = jsonDocument(marker, 'oci-layout', LAYOUT_LIMIT_BYTES)['imageLayoutVersion'];
  if (typeof version !== 'string' || !version.startsWith('1.')) return undefined;
  const { manifests } = parseIndex(index);
  return manifests.find((entry) => {
    const kind = mediaKind(entry.mediaType);
    return (kind === 'manifest' || kind === 'index') && means(entry, layout !== root, wanted);
  });
}

/** A layout of one repository says tags alone; any may say whole names. */
function means({ digest, annotations }: Descriptor, isRepository: boolean, wanted: ReferenceParts): boolean {
  const names = [annotations[IMAGE_NAME], annotations[REF_NAME]].filter((name) => name !== undefined);
  const isNamed = names.some((name) => {
    if (!/[/:]/.test(name)) return isRepository && name === wanted.tag;
    try {
      const found = referenceParts(name);
      return found.domain === wanted.domain && found.path === wanted.path && (wanted.tag === undefined || found.tag === wanted.tag);
    } catch {
      // Whatever this names, it is no image that anybody can ask for.
      return false;
    }
  });
  if (wanted.digest !== undefined) return digest === wanted.digest && (isRepository || isNamed);
  return isNamed;
}
