import { posix } from 'node:path';
import { matcherOf, reachOf } from './path-pattern.ts';

/** What a build leaves out of its context. Paths are relative and clean. */
export interface Dockerignore {
  /** Whether a path is left out. */
  ignores(path: string): boolean;
  /** Whether something beneath a directory that is left out may be taken in. */
  reaches(directory: string): boolean;
}

/**
 * Reads a .dockerignore (Dockerfile reference): the last line that fits a path, or a directory that it is in, counts; `!` takes it in again. `kept` are never left out.
 * Throws BUILD_INVALID for a pattern that cannot be read.
 */
export function dockerignore(source: string, kept: readonly string[] = []): Dockerignore {
  const rules = source
    .replace(/^\uFEFF/, '')
    .split(/\r?\n/)
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#'))
    .flatMap((line) => {
      const isException = line.startsWith('!');
      const pattern = posix.normalize(`/${isException ? line.slice(1).trim() : line}`).replace(/^\/+|\/+$/g, '');
      return pattern === '' ? [] : [{ isException, matches: matcherOf(pattern), reaches: reachOf(pattern) }];
    });
  return {
    ignores(path) {
      if (rules.length === 0 || kept.includes(path)) return false;
      const names = path.split('/');
      let ignored = false;
      for (const { isException, matches } of rules) {
        if (isException !== ignored) continue;
        if (names.some((_, index) => matches(names.slice(0, index + 1).join('/')))) ignored = !isException;
      }
      return ignored;
    },
    // An exception that fits the directory itself, or one that it is in, was overruled by a later line, which fits all that is beneath it, too.
    reaches: (directory) =>
      kept.some((path) => path.startsWith(`${directory}/`)) || rules.some(({ isException, reaches }) => isException && reaches(directory)),
  };
}
