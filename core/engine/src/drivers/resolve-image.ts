import { type BlobDescriptor, ShiplogError } from '@shiplog/contracts';
import type { Drivers } from '../ports.ts';
import { imageSources } from './image-sources.ts';

/** What a source says that a reference stands for. */
export interface ResolvedImage {
  readonly source: string;
  readonly descriptor: BlobDescriptor;
}

/** An image as it was `asked` for, of one source (`only`) or any, and with the `digest` that it must have, if that was said. */
export interface AskedImage {
  readonly asked: string;
  readonly only?: string | undefined;
  readonly digest?: string | undefined;
}

/**
 * Asks image sources one after the other, those first that need no network; the first that knows the image is it. Throws IMAGE_NOT_FOUND where none does,
 * NOT_IMPLEMENTED where there is none, DIGEST_MISMATCH for one that has another.
 */
export async function resolveImage(
  drivers: Drivers,
  { asked, only, digest }: AskedImage,
  ask: (source: string) => Promise<BlobDescriptor | undefined>,
): Promise<ResolvedImage> {
  // What is at hand, before anybody else hears of it.
  const usable = imageSources(drivers, undefined, only).toSorted(
    (a, b) => Number(b.capabilities['offline'] === true) - Number(a.capabilities['offline'] === true),
  );
  if (usable.length === 0) {
    const all = drivers.list().filter(({ kind }) => kind === 'image-source');
    const reasons = all.map(({ name, probe }) => `${name}: ${probe.usable ? '' : probe.reason}`);
    throw new ShiplogError(
      'NOT_IMPLEMENTED',
      `cannot pull ${asked}: no image source can be used (${reasons.join('; ') || 'none is installed'}); bring it in with docker load or docker import`,
    );
  }
  for (const { name: source } of usable) {
    const descriptor = await ask(source);
    if (descriptor === undefined) continue;
    if (digest !== undefined && digest !== descriptor.digest)
      throw new ShiplogError('DIGEST_MISMATCH', `image source ${source} has ${descriptor.digest} for ${asked}`, {
        expected: digest,
        found: descriptor.digest,
        source,
      });
    return { source, descriptor };
  }
  const names = usable.map(({ name }) => name).join(', ');
  throw new ShiplogError('IMAGE_NOT_FOUND', `manifest for ${asked} not found: manifest unknown (asked: ${names})`, { reference: asked });
}
