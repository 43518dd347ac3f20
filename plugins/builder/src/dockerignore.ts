import { posix } from 'node:path';
import { matcherOf } from './path-pattern.ts';

/** Whether a path of the context (relative, clean) is left out of the build. */
export type Ignored = (path: string) => boolean;

/**
 * Reads a .dockerignore (Dockerfile reference): the last line that fits a path, or a directory that it is in, counts; `!` takes it in again. `kept` are never left out:
 * the builder needs them.
 */
export function dockerignore(source: string, kept: readonly string[]): Ignored {
  const rules = source
    .replace(/^\uFEFF/, '')
    .split(/\r?\n/)
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#'))
    .flatMap((line) => {
      const isException = line.startsWith('!');
      const pattern = posix.normalize(`/${isException ? line.slice(1).trim() : line}`).replace(/^\/+|\/+$/g, '');
      return pattern === '' ? [] : [{ isException, matches: matcherOf(pattern) }];
    });
  return (path) => {
    if (rules.length === 0 || kept.includes(path)) return false;
    const names = path.split('/');
    let ignored = false;
    for (const { isException, matches } of rules) {
      if (isException !== ignored) continue;
      if (names.some((_, index) => matches(names.slice(0, index + 1).join('/')))) ignored = !isException;
    }
    return ignored;
  };
}
