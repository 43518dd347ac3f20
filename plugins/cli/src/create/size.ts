import { sizeBytes } from '@shiplog/contracts/size';
import { UsageError } from '../cli-error.ts';

/** Bytes from `512m`, `1.5g`, `64MiB`, `1024`: units are binary, as Docker's `--memory` has them. Throws UsageError. */
export function parseSize(flag: string, text: string): number {
  const bytes = sizeBytes(text);
  if (bytes === undefined) throw new UsageError(`${flag} "${text}" is no size`, 'give bytes, or a number with b, k, m, g or t: 512m');
  return bytes;
}

/** A whole number. Throws UsageError. */
export function parseInteger(flag: string, text: string): number {
  if (!/^-?\d+$/.test(text)) throw new UsageError(`${flag} "${text}" is no whole number`);
  return Number(text);
}

/** {@link parseSize} of a flag that may be absent. */
export function maybeSize(flag: string, text: string | undefined): number | undefined {
  return text === undefined ? undefined : parseSize(flag, text);
}

/** {@link parseInteger} of a flag that may be absent. */
export function maybeInteger(flag: string, text: string | undefined): number | undefined {
  return text === undefined ? undefined : parseInteger(flag, text);
}

/** CPUs as billionths: `1.5` is 1500000000. Throws UsageError. */
export function parseCpus(text: string): number {
  if (!/^\d*\.?\d+$/.test(text)) throw new UsageError(`--cpus "${text}" is no number of CPUs`, 'give a decimal such as 1.5');
  return Math.round(Number(text) * 1e9);
}
