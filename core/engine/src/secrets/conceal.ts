import { isSecretName, type SecretRules } from './rules.ts';

/** Takes a secret, answers what stands in its place. */
export type Cover = (secret: string) => string;

const VALUE = String.raw`(?<value>"(?:[^"\\]|\\.)*"|'[^']*'|[^\s"'&;|,)}]+)`;

/** What programs say of something by its name, `exec: "pwd": executable file not found` as errors of Go and of strerror(3) do: sentences, no values. */
const SAID = String.raw`(?i:(?:(?:stat|lstat|open|fork\/exec|chdir) [^\s:]+: )?(?:${[
  'executable file not found',
  'permission denied',
  'operation not permitted',
  'no such (?:file or directory|container|image|network|volume|process|exec)',
  'file does not exist',
  'not found',
  'already exists',
  'exec format error',
  'is a directory',
  'not a directory',
  'invalid argument',
  'too many levels of symbolic links',
].join('|')}))(?![\w-])`;

const NAME = String.raw`(?<![\w.])(?<name>[A-Za-z][\w.-]{0,127})`;
/** A name, what stands between, and the value, maybe quoted. A colon alone is prose: it counts in JSON and after a header's name. */
const NAMED: readonly RegExp[] = [
  String.raw`${NAME}(?<between>\s*=\s*)`,
  String.raw`${NAME}(?<between>"\s*:\s*)(?!${SAID})`,
  String.raw`(?<![\w.])(?<name>[A-Za-z]\w{0,63}-[\w-]{1,63}|Cookie|Authorization)(?<between>:\s+(?:(?:Bearer|Basic|Token)\s+)?)(?!${SAID})`,
  String.raw`(?<=(?:^|\s)--?)(?<name>[A-Za-z][\w.-]{0,127})(?<between>\s+(?!-))`,
].map((start) => new RegExp(start + VALUE, 'g'));

/** A free text with the secrets in it covered. */
export function concealText(text: string, rules: SecretRules, cover: Cover): string {
  let result = text;
  for (const pattern of rules.patterns) {
    result = result.replaceAll(pattern, (...match) => {
      const whole = String(match[0]);
      const { secret = '' } = match.at(-1) as { readonly secret?: string };
      const at = whole.lastIndexOf(secret);
      return secret === '' ? whole : whole.slice(0, at) + cover(secret) + whole.slice(at + secret.length);
    });
  }
  for (const named of NAMED) {
    result = result.replaceAll(named, (whole, name: string, between: string, value: string) => {
      if (!isSecretName(name, rules)) return whole;
      const quote = /^["']/.exec(value)?.[0] ?? '';
      const bare = quote === '' ? value : value.slice(1, -1);
      return bare === '' || isCovered(bare) ? whole : `${name}${between}${quote}${cover(bare)}${quote}`;
    });
  }
  return result;
}

/** A command line with the secrets in it covered. `--name=value` and `--name value` take whole words, whatever is in them; a script does not. */
export function concealArgv(argv: readonly string[], rules: SecretRules, cover: Cover): readonly string[] {
  const covered: string[] = [];
  for (const [index, word] of argv.entries()) {
    const [, name = '', value = ''] = /^(-{0,2}[A-Za-z][\w.-]*=)([\s\S]*)$/.exec(word) ?? [];
    const before = argv[index - 1];
    if (before === '-c') covered.push(concealText(word, rules, cover));
    else if (value !== '' && isSecretName(name, rules)) covered.push(name + cover(value));
    else if (
      before !== undefined &&
      /^--?[A-Za-z][\w.-]*$/.test(before) &&
      isSecretName(before, rules) &&
      word !== '' &&
      !word.startsWith('-')
    )
      covered.push(cover(word));
    else covered.push(concealText(word, rules, cover));
  }
  return concealLetters(covered, argv, rules, cover);
}

/** Options of one letter mean a password in some programs only: those show when the words are read as one line. */
function concealLetters(covered: readonly string[], argv: readonly string[], rules: SecretRules, cover: Cover): readonly string[] {
  // Words with blanks are scripts; they were read by themselves.
  if (argv.some((word) => /\s/.test(word) || word === '')) return covered;
  const line = argv.join(' ');
  let end = 0;
  const starts = argv.map((word) => {
    const start = end;
    end += word.length + 1;
    return start;
  });
  const result = [...covered];
  for (const pattern of rules.patterns) {
    let index = 0;
    for (const match of line.matchAll(pattern)) {
      const secret = match.groups?.['secret'] ?? '';
      const at = match.index + match[0].lastIndexOf(secret);
      while ((starts[index + 1] ?? Number.POSITIVE_INFINITY) <= at) index += 1;
      const word = argv[index] ?? '';
      if (secret === '' || result[index] !== word || at + secret.length > (starts[index] ?? 0) + word.length) continue;
      const offset = at - (starts[index] ?? 0);
      result[index] = word.slice(0, offset) + cover(secret) + word.slice(offset + secret.length);
    }
  }
  return result;
}

/** Options, labels: a value whose name says so is covered whole; names are texts. */
export function concealMap(
  map: { readonly [name: string]: string },
  rules: SecretRules,
  cover: Cover,
): { readonly [name: string]: string } {
  return Object.fromEntries(
    Object.entries(map).map(([name, value]) => [
      concealText(name, rules, cover),
      value !== '' && isSecretName(name, rules) ? cover(value) : concealText(value, rules, cover),
    ]),
  );
}

/** What {@link Cover}s put in place begins so; it is not covered again. */
export const COVERED = '[sealed:';

function isCovered(value: string): boolean {
  return value.startsWith(COVERED) || value.startsWith('[redacted]') || /^\[concealed:\d+:\?\]$/.test(value);
}
