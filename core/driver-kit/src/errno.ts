import { ShiplogError } from '@shiplog/contracts';

/** The errno name (`ENOENT`) that a node:fs error or a KERNEL_CALL_FAILED carries; undefined for anything else. */
export function errnoOf(error: unknown): string | undefined {
  if (error instanceof ShiplogError) return typeof error.facts['errno'] === 'string' ? error.facts['errno'] : undefined;
  if (!(error instanceof Error) || !('code' in error)) return undefined;
  return typeof error.code === 'string' ? error.code : undefined;
}
