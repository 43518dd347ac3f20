const UNITS = ['', 'k', 'm', 'g', 't', 'p'];

/** Bytes of a size as people write it: `1024`, `10m`, `1.5GiB`, `512 MB`; units are powers of 1024, as Docker has them. Undefined for what is none. */
export function sizeBytes(text: string): number | undefined {
  const match = /^(\d+(?:\.\d+)?) ?([kmgtp]?)(?:i?b)?$/i.exec(text.trim());
  if (match === null) return undefined;
  const bytes = Math.floor(Number(match[1]) * 1024 ** UNITS.indexOf((match[2] ?? '').toLowerCase()));
  return Number.isSafeInteger(bytes) ? bytes : undefined;
}
