/** Where programs are looked for unless the image or the user says otherwise; Docker's list. */
export const DEFAULT_PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/**
 * Puts lists of `NAME=value` together. A later value takes the place of an earlier one of the same name; a `NAME` alone
 * removes it.
 */
export function mergeEnv(...lists: readonly (readonly string[])[]): readonly string[] {
  const merged = new Map<string, string>();
  for (const entry of lists.flat()) {
    const equals = entry.indexOf('=', 1);
    if (equals === -1) merged.delete(entry);
    else merged.set(entry.slice(0, equals), entry);
  }
  return [...merged.values()];
}

/** A container's environment: PATH, HOSTNAME and (with a terminal) TERM, then the image's, then what was asked for. HOME is the runtime driver's. */
export function containerEnv(input: {
  readonly hostname: string;
  readonly tty: boolean;
  readonly image: readonly string[];
  readonly asked: readonly string[];
}): readonly string[] {
  const base = [`PATH=${DEFAULT_PATH}`, `HOSTNAME=${input.hostname}`, ...(input.tty ? ['TERM=xterm'] : [])];
  return mergeEnv(base, input.image, input.asked);
}
