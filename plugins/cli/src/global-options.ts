/** What is said before the verb. */
export interface GlobalOptions {
  readonly host?: string;
  /** The version is asked for, and nothing else. */
  readonly version: boolean;
  /** The verb, and what follows it. */
  readonly rest: readonly string[];
}

/** Takes what is before the verb off a command line, as Docker's clients write it: `-H HOST`, `-HHOST`, `-H=HOST`, `--host HOST`, `--host=HOST`. */
export function globalOptions(argv: readonly string[]): GlobalOptions {
  const [first = '', second, ...rest] = argv;
  if ((first === '-H' || first === '--host') && second !== undefined) return { host: second, version: false, rest };
  const host = /^(?:--host=|-H=?)(.+)$/.exec(first)?.[1];
  if (host !== undefined) return { host, version: false, rest: argv.slice(1) };
  return { version: first === '-v' || first === '--version', rest: argv };
}
