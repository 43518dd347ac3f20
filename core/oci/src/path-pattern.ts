import { ShiplogError } from '@shiplog/contracts';

/** One character of a name that a pattern stands for; `star` is any number of them. */
type Token = 'star' | ((char: string) => boolean);

/** Tokens of one name; `tree` is any number of names. */
type Segment = 'tree' | readonly Token[];

/**
 * Whether a path fits a pattern as Go's path.Match has it: `*` and `?` stay within a name, `[a-z]` is a set; `**` as a name stands for any number of names, at the end
 * for one at least. Patterns come from anybody: matching takes time in proportion to both lengths, whatever they are. Throws BUILD_INVALID for a set that is not closed.
 */
export function matcherOf(pattern: string): (path: string) => boolean {
  const segments = segmentsOf(pattern);
  return (path) => readings(segments, path.split('/')).has(segments.length);
}

/** Whether a path beneath a directory may fit a pattern. Errors are those of {@link matcherOf}. */
export function reachOf(pattern: string): (directory: string) => boolean {
  const segments = segmentsOf(pattern);
  return (directory) => [...readings(segments, directory.split('/'))].some((index) => index < segments.length);
}

function segmentsOf(pattern: string): readonly Segment[] {
  const names = pattern.split('/');
  const segments: Segment[] = names.map((name) => (name === '**' ? 'tree' : tokensOf(name, pattern)));
  if (segments.at(-1) === 'tree') segments.push(['star']);
  return segments;
}

/** Goes through all ways of reading the pattern at once: which segments may come next, once it was read for these names. */
function readings(segments: readonly Segment[], names: readonly string[]): ReadonlySet<number> {
  let at = reachable(segments, [0]);
  for (const name of names) {
    const next: number[] = [];
    for (const index of at) {
      const segment = segments[index];
      if (segment === 'tree') next.push(index);
      else if (segment !== undefined && fitsName(segment, name)) next.push(index + 1);
    }
    at = reachable(segments, next);
  }
  return at;
}

/** No name is needed for `**`. */
function reachable(segments: readonly Segment[], indexes: readonly number[]): ReadonlySet<number> {
  const all = new Set(indexes);
  for (const index of all) if (segments[index] === 'tree') all.add(index + 1);
  return all;
}

/** Where it does not go on, the last star takes one character more: those before it need not be tried again. */
function fitsName(tokens: readonly Token[], name: string): boolean {
  const chars = [...name];
  let [token, char] = [0, 0];
  let star: { readonly token: number; char: number } | undefined;
  while (char < chars.length) {
    const one = tokens[token];
    if (one === 'star') {
      star = { token, char };
      token += 1;
    } else if (one !== undefined && one(chars[char] ?? '')) {
      token += 1;
      char += 1;
    } else if (star !== undefined) {
      star.char += 1;
      token = star.token + 1;
      char = star.char;
    } else return false;
  }
  return tokens.slice(token).every((one) => one === 'star');
}

function tokensOf(name: string, pattern: string): readonly Token[] {
  const chars = [...name];
  const tokens: Token[] = [];
  for (let at = 0; at < chars.length; at += 1) {
    const char = chars[at] ?? '';
    if (char === '*') tokens.push('star');
    else if (char === '?') tokens.push(() => true);
    else if (char === '[') {
      const end = chars.indexOf(']', at + 2);
      if (end < 0) throw new ShiplogError('BUILD_INVALID', `syntax error in pattern: ${pattern}`);
      tokens.push(setOf(chars.slice(at + 1, end)));
      at = end;
    } else {
      if (char === '\\') at += 1;
      const literal = chars[at] ?? '\\';
      tokens.push((other) => other === literal);
    }
  }
  return tokens;
}

/** A set as it stands between its brackets: characters, and ranges of them; `^` at its beginning takes all others. */
function setOf(chars: readonly string[]): (char: string) => boolean {
  const isNegated = chars[0] === '^';
  const ranges: (readonly [first: string, last: string])[] = [];
  for (let at = isNegated ? 1 : 0; at < chars.length; at += 1) {
    const first = chars[at] ?? '';
    const isRange = chars[at + 1] === '-' && at + 2 < chars.length;
    ranges.push([first, isRange ? (chars[at + 2] ?? first) : first]);
    if (isRange) at += 2;
  }
  return (char) => ranges.some(([first, last]) => first <= char && char <= last) !== isNegated;
}
