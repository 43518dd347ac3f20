import { readFile } from 'node:fs/promises';
import { readOrFail } from '../read-or-fail.ts';

/** `a=b` pairs as a map; a name alone has the value ''. Later ones win. */
export function keyValues(pairs: readonly string[]): Record<string, string> {
  const map: Record<string, string> = {};
  for (const pair of pairs) {
    const [name, value] = splitOnce(pair, '=');
    map[name] = value ?? '';
  }
  return map;
}

/** Splits at the first `separator`; the second part is undefined when there is none. */
export function splitOnce(text: string, separator: string): readonly [string, string | undefined] {
  const at = text.indexOf(separator);
  return at === -1 ? [text, undefined] : [text.slice(0, at), text.slice(at + separator.length)];
}

/** Lines of a file that say something: comments (#) and blank lines left out, blanks before a line too. */
export async function readLines(flag: string, path: string): Promise<string[]> {
  const text = await readOrFail(`${flag} ${path}`, readFile(path, 'utf8'));
  return text
    .replace(/^\uFEFF/, '')
    .split(/\r?\n/)
    .map((line) => line.trimStart())
    .filter((line) => line !== '' && !line.startsWith('#'));
}

/**
 * Environment for a container: lines of files before entries of the command line. A name alone takes its value from `env`; where
 * there is none, a file's line is left out, and an entry stays a bare name, with which the engine takes the image's variable away.
 */
export async function environment(
  files: readonly string[],
  entries: readonly string[],
  env: { readonly [name: string]: string | undefined },
): Promise<string[]> {
  const lines = (await Promise.all(files.map((path) => readLines('--env-file', path)))).flat();
  const fill = (entry: string): string => (entry.includes('=') || env[entry] === undefined ? entry : `${entry}=${env[entry]}`);
  return [...lines.map(fill).filter((line) => line.includes('=')), ...entries.map(fill)];
}
