/** What a registry asks of those it does not know (RFC 9110, 11.6.1): a scheme in lower case, and its parameters. */
export interface Challenge {
  readonly scheme: string;
  readonly parameters: ReadonlyMap<string, string>;
}

const TOKEN = "[!#$%&'*+.^_`|~0-9A-Za-z-]+";
const PARAMETER = new RegExp(`^(${TOKEN})\\s*=\\s*(?:"((?:[^"\\\\]|\\\\.)*)"|(${TOKEN}))\\s*,?\\s*`);
const SCHEME = new RegExp(`^(${TOKEN})(?:\\s*,\\s*|\\s+|$)`);

/** Reads a WWW-Authenticate header; what cannot be read ends it. */
export function readChallenges(header: string): readonly Challenge[] {
  const challenges: { scheme: string; parameters: Map<string, string> }[] = [];
  let rest = header.slice(0, 8192).trim();
  while (rest !== '') {
    const parameter = challenges.length === 0 ? null : PARAMETER.exec(rest);
    if (parameter !== null) {
      const [whole, name = '', quoted, plain = ''] = parameter;
      challenges.at(-1)?.parameters.set(name.toLowerCase(), quoted === undefined ? plain : quoted.replaceAll(/\\(.)/g, '$1'));
      rest = rest.slice(whole.length);
      continue;
    }
    const scheme = SCHEME.exec(rest);
    if (scheme === null) return challenges;
    challenges.push({ scheme: (scheme[1] ?? '').toLowerCase(), parameters: new Map() });
    rest = rest.slice(scheme[0].length);
  }
  return challenges;
}
