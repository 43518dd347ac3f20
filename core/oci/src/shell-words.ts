import { ShiplogError } from '@shiplog/contracts';

/** Variables that `$NAME` and `${NAME}` stand for. */
export type Variables = ReadonlyMap<string, string>;

/**
 * Splits a Dockerfile instruction's arguments into words: quotes group, a backslash takes the next character as it is, and
 * outside single quotes `$NAME`, `${NAME}`, `${NAME:-default}` and `${NAME:+other}` are replaced (Dockerfile reference,
 * Environment replacement). Throws REQUEST_INVALID for an open quote or brace.
 */
export function shellWords(text: string, variables: Variables): readonly string[] {
  return read(text, variables, true);
}

/** As {@link shellWords}, but blanks are kept: the whole text is one word. */
export function shellWord(text: string, variables: Variables): string {
  return read(text, variables, false)[0] ?? '';
}

function read(text: string, variables: Variables, split: boolean): readonly string[] {
  const words: string[] = [];
  let word: string | undefined;
  let quote = '';
  let at = 0;
  while (at < text.length) {
    const char = text[at]!;
    if (split && quote === '' && /\s/.test(char)) {
      if (word !== undefined) words.push(word);
      word = undefined;
      at += 1;
      continue;
    }
    word ??= '';
    if (char === quote) quote = '';
    else if (quote === '' && (char === '"' || char === "'")) quote = char;
    else if (char === '\\' && quote !== "'") {
      // Within double quotes a backslash is itself unless it guards a character with a meaning there.
      const next = text[at + 1] ?? '';
      word += quote === '"' && !'"$\\'.includes(next) ? char + next : next;
      at += 1;
    } else if (char === '$' && quote !== "'") {
      const { value, length } = variable(text.slice(at), variables);
      word += value;
      at += length;
      continue;
    } else word += char;
    at += 1;
  }
  if (quote !== '') throw new ShiplogError('REQUEST_INVALID', `unexpected end of statement while looking for matching ${quote}`);
  if (word !== undefined) words.push(word);
  return words;
}

function variable(text: string, variables: Variables): { readonly value: string; readonly length: number } {
  const plain = /^\$([A-Za-z_][A-Za-z0-9_]*)/.exec(text);
  if (plain !== null) return { value: variables.get(plain[1]!) ?? '', length: plain[0].length };
  if (!text.startsWith('${')) return { value: '$', length: 1 };
  const braced = /^\$\{([A-Za-z_][A-Za-z0-9_]*)(?::([-+])([^}]*))?\}/.exec(text);
  if (braced === null) throw new ShiplogError('REQUEST_INVALID', `unsupported modifier or missing } in ${text}`);
  const [whole, name = '', modifier, other = ''] = braced;
  const value = variables.get(name) ?? '';
  if (modifier === '-') return { value: value === '' ? other : value, length: whole.length };
  if (modifier === '+') return { value: value === '' ? '' : other, length: whole.length };
  return { value, length: whole.length };
}
