import { shellWord, type Variables } from '@shiplog/oci';
import type { Instruction } from './dockerfile.ts';

/** Arguments that need no declaration, and make no difference to what is built (Dockerfile reference, Predefined ARGs). */
const PREDEFINED: ReadonlySet<string> = new Set(
  ['HTTP_PROXY', 'HTTPS_PROXY', 'FTP_PROXY', 'NO_PROXY', 'ALL_PROXY'].flatMap((name) => [name, name.toLowerCase()]),
);

type Given = { readonly [name: string]: string | null };

/** An ARG, read. `value` is undefined where it has none. */
interface Declaration {
  readonly name: string;
  readonly value: string | undefined;
}

/** Build arguments: those that were given, and those that the Dockerfile declares, stage by stage. */
export class BuildArgs {
  readonly #given: Given;
  /** Before the first FROM. */
  readonly #global = new Map<string, string>();
  readonly #stage = new Map<string, string | undefined>();
  readonly #declared = new Set<string>();

  constructor(given: Given) {
    this.#given = given;
  }

  /** Forgets what a stage before declared. */
  beginStage(): void {
    this.#stage.clear();
  }

  /** Takes an ARG before the first FROM. */
  declareGlobal(instruction: Instruction): void {
    const { name, value } = declarationOf(instruction, this.#global);
    this.#declared.add(name);
    const given = this.#given[name] ?? value;
    if (given !== undefined) this.#global.set(name, given);
  }

  /** Takes an ARG of a stage; `NAME=default` or `NAME`, as the history is to have it. `environment` wins over arguments. */
  declare(instruction: Instruction, environment: Variables): string {
    const { name, value } = declarationOf(instruction, new Map([...this.variables, ...environment]));
    this.#declared.add(name);
    // One without a default has that of the ARG before the first FROM.
    this.#stage.set(name, value ?? this.#global.get(name));
    return value === undefined ? name : `${name}=${value}`;
  }

  /** What FROM lines may use. */
  get globals(): Variables {
    return this.#global;
  }

  /** What a stage's instructions may use. */
  get variables(): Variables {
    const variables = new Map<string, string>();
    for (const [name, fallback] of this.#stage) {
      const value = this.#given[name] ?? fallback;
      if (value !== undefined) variables.set(name, value);
    }
    return variables;
  }

  /** What a command is run with, `NAME=value` in order: arguments that no variable of the image hides. `counted` are those that the history has. */
  commandEnv(environment: Variables): { readonly env: readonly string[]; readonly counted: readonly string[] } {
    const predefined = Object.entries(this.#given).filter(
      (entry): entry is [string, string] => PREDEFINED.has(entry[0]) && entry[1] !== null,
    );
    const all = new Map([...predefined, ...this.variables]);
    const env = [...all].filter(([name]) => !environment.has(name)).toSorted(([a], [b]) => (a < b ? -1 : 1));
    const text = ([name, value]: readonly [string, string]): string => `${name}=${value}`;
    return { env: env.map(text), counted: env.filter(([name]) => this.#stage.has(name)).map(text) };
  }

  /** Arguments that were given and that nothing declares. */
  get unused(): readonly string[] {
    return Object.keys(this.#given).filter((name) => !this.#declared.has(name) && !PREDEFINED.has(name));
  }
}

function declarationOf({ rest }: Instruction, variables: Variables): Declaration {
  const equals = rest.indexOf('=');
  if (equals < 1) return { name: rest.trim(), value: undefined };
  return { name: rest.slice(0, equals), value: shellWord(rest.slice(equals + 1), variables) };
}
