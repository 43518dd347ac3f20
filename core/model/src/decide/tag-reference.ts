import { ShiplogError } from '@shiplog/contracts';
import { familiar, parseReference } from '@shiplog/oci/reference';

/** A new tag as `name:tag`. Throws REFERENCE_INVALID, also for a reference with a digest: content is not named at will. */
export function tagReference(text: string): string {
  const parsed = parseReference(text);
  if (parsed.digest !== undefined) {
    throw new ShiplogError('REFERENCE_INVALID', 'refusing to create a tag with a digest reference', { reference: text });
  }
  return familiar(parsed);
}
