const paint = process.stdout.isTTY === true && process.env.NO_COLOR === undefined;
const style = (code: number, text: string): string => (paint ? `\x1b[${code}m${text}\x1b[0m` : text);

/** Says what comes next. */
export function chapter(text: string): void {
  process.stdout.write(`\n${style(1, text)}\n`);
}

/** Shows a command as a person would type it. */
export function command(words: readonly string[]): void {
  const quoted = words.map((word) => (/^[\w@%+=:,./{}-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`));
  process.stdout.write(`${style(36, `$ ${quoted.join(' ')}`)}\n`);
}

/** Shows what it answered, indented; at most `lines` of it. */
export function output(text: string, lines = 20): void {
  const all = text.trimEnd().split('\n');
  for (const line of all.slice(0, lines)) process.stdout.write(`  ${line}\n`);
  if (all.length > lines) process.stdout.write(`  … ${all.length - lines} more lines\n`);
}

/** Says that something was checked and holds. */
export function holds(text: string): void {
  process.stdout.write(`${style(32, '✓')} ${text}\n`);
}
