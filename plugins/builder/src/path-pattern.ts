import { invalid } from './dockerfile.ts';

/** Whether a path fits a pattern as Go's path.Match has it: `*` and `?` stay within a name, `[a-z]` is a set; `**` as a name stands for any number of them. */
export function matcherOf(pattern: string): (path: string) => boolean {
  const expression = expressionOf(pattern);
  return (path) => expression.test(path);
}

/** The same as a regular expression over the whole path. Throws BUILD_INVALID for a set that is not closed. */
export function expressionOf(pattern: string): RegExp {
  let source = '';
  for (let at = 0; at < pattern.length; at += 1) {
    const char = pattern[at] ?? '';
    if (char === '*' && pattern[at + 1] === '*') {
      at += 1;
      // With the slash behind it, so that it may stand for no name at all.
      if (pattern[at + 1] === '/') {
        at += 1;
        source += '(?:.*/)?';
      } else source += '.*';
    } else if (char === '*') source += '[^/]*';
    else if (char === '?') source += '[^/]';
    else if (char === '[') {
      const end = pattern.indexOf(']', at + 2);
      if (end < 0) throw invalid(`syntax error in pattern: ${pattern}`);
      const set = pattern.slice(at + 1, end).replaceAll(/[\\[\]]/g, '\\$&');
      source += `[${set.startsWith('!') ? `^${set.slice(1)}` : set}]`;
      at = end;
    } else if (char === '\\') {
      at += 1;
      source += escaped(pattern[at] ?? '\\');
    } else source += escaped(char);
  }
  return new RegExp(`^${source}$`, 's');
}

function escaped(char: string): string {
  return char.replaceAll(/[$()*+.?[\\\]^{|}/-]/g, '\\$&');
}
