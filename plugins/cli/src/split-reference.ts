import { UsageError } from './cli-error.ts';

/** `host:5000/name:tag` as repository and tag: a colon before a slash belongs to the host. Throws UsageError for a digest. */
export function splitReference(reference: string): { readonly repository: string; readonly tag: string | undefined } {
  if (reference.includes('@')) throw new UsageError(`"${reference}" has a digest; a new name has only a tag`);
  const colon = reference.lastIndexOf(':');
  if (colon <= reference.lastIndexOf('/')) return { repository: reference, tag: undefined };
  return { repository: reference.slice(0, colon), tag: reference.slice(colon + 1) };
}
