import type { CommandArgs, CommandType, SecretRef, StateView } from '@shiplog/contracts';
import type { EngineParts } from '../ports.ts';
import { COVERED, concealArgv, concealMap, concealText, type Cover } from './conceal.ts';
import { redact } from './redact.ts';
import { DEFAULT_RULES, type SecretRules } from './rules.ts';

/** What stands where a secret was: its place among the secrets of the record, and a keyed hash that tells whether two are equal. */
const MARK = /\[sealed:(\d+):[0-9a-f]{16}\]/g;

/** A record whose secrets are in the vault. */
interface Sealed {
  readonly sealed?: SecretRef;
}

/** Fields by name, at any depth of a command's arguments, that a secret may be in. Others are identities, sizes and switches. */
const FIELDS: { readonly [field: string]: 'argv' | 'map' | 'text' } = {
  entrypoint: 'argv',
  cmd: 'argv',
  command: 'argv',
  test: 'argv',
  labels: 'map',
  annotations: 'map',
  options: 'map',
  logOptions: 'map',
  driverOptions: 'map',
  message: 'text',
  changes: 'text',
};

/** What no name, id or reference can have: what is refused for it may hold a secret, as a URL does where a reference was meant. */
const NO_IDENTITY = /[=\s]|:\/\//;

/** Commands whose records need the values again, and where their reference is kept. */
const KEPT: { readonly [T in CommandType]?: 'spec' | 'args' } = {
  'container.create': 'spec',
  'exec.create': 'spec',
  'volume.create': 'args',
  'network.create': 'args',
  'image.import': 'args',
};

/** Secrets in command lines, labels and options: found by rules, kept in the vault, marked in the log. */
export class Secrets {
  readonly rules: SecretRules;

  constructor(private readonly parts: EngineParts) {
    this.rules = parts.secretRules ?? DEFAULT_RULES;
  }

  /**
   * A command's arguments as the log may have them. What was found is durable in the vault when this resolves; the
   * reference is `sealed` of the record that the command makes.
   */
  async seal<T extends CommandType>(type: T, given: CommandArgs[T]): Promise<CommandArgs[T]> {
    const args = this.#named(given);
    const kept = KEPT[type];
    if (kept === undefined) return args;
    const values: string[] = [];
    // Marks need hashes, which the vault makes: covered with the place first, hashed once all are known.
    const cover = (secret: string): string => `${COVERED}${values.push(secret) - 1}:?]`;
    const covered = this.#conceal(withoutReference(args), cover);
    if (values.length === 0) return covered;
    const vault = this.parts.drivers.get('vault', this.parts.chosen.vault);
    const hashes = await Promise.all(values.map((value) => vault.mac(value)));
    const marked = mapStrings(covered, (text) =>
      text.replaceAll(/\[sealed:(\d+):\?\]/g, (_, place: string) => `${COVERED}${place}:${(hashes[Number(place)] ?? '').slice(0, 16)}]`),
    );
    const sealed = await vault.put(this.parts.identities.hex().slice(0, 32), JSON.stringify(values));
    if (kept === 'args') return { ...marked, sealed };
    const { spec } = marked as CommandArgs['container.create' | 'exec.create'];
    return { ...marked, spec: { ...spec, sealed } } as CommandArgs[T];
  }

  /** The values that a record's marks stand for, in order. None where there are none, or they were erased. */
  async values({ sealed }: Sealed): Promise<readonly string[]> {
    if (sealed === undefined) return [];
    return JSON.parse(await this.parts.drivers.get('vault', this.parts.chosen.vault).get(sealed)) as string[];
  }

  /** Erases the values of a command that made nothing. */
  async forgetUnused<T extends CommandType>(type: T, args: CommandArgs[T], state: StateView): Promise<void> {
    const sealed = KEPT[type] === undefined ? undefined : referenceIn(args);
    if (sealed !== undefined && !references(state).has(sealed.id)) await this.forget({ sealed });
  }

  /** Erases the values of a record that goes. */
  async forget({ sealed }: Sealed): Promise<void> {
    if (sealed !== undefined) await this.parts.drivers.get('vault', this.parts.chosen.vault).remove(sealed.id);
  }

  /** Names and references without the secrets of what cannot be one. The same arguments where there are none. */
  #named<A extends object>(args: A): A {
    const { spec, ...fields } = args as A & { readonly spec?: object };
    const named = Object.entries(fields).flatMap(([field, text]) => {
      if (typeof text !== 'string' || FIELDS[field] !== undefined || !NO_IDENTITY.test(text)) return [];
      const clean = redact(text, this.rules);
      return clean === text ? [] : [[field, clean] as const];
    });
    const image = spec === undefined || !('image' in spec) ? undefined : this.#named({ image: spec.image });
    if (named.length === 0 && image === undefined) return args;
    return { ...args, ...Object.fromEntries(named), ...(image === undefined ? {} : { spec: { ...spec, ...image } }) };
  }

  #conceal<R>(value: R, cover: Cover, kind?: 'argv' | 'map' | 'text'): R;
  #conceal(value: unknown, cover: Cover, kind?: 'argv' | 'map' | 'text'): unknown {
    if (typeof value === 'string')
      return kind === undefined ? value : this.#text(value, cover, (text) => concealText(text, this.rules, cover));
    if (Array.isArray(value)) {
      if (kind === 'argv' && value.every((word) => typeof word === 'string')) {
        const words = value.map((word: string) => this.#text(word, cover, (text) => text));
        return concealArgv(words, this.rules, cover);
      }
      return value.map((one) => this.#conceal(one, cover, kind));
    }
    if (typeof value !== 'object' || value === null) return value;
    if (kind === 'map' && isMap(value)) {
      const plain = Object.fromEntries(Object.entries(value).map(([name, text]) => [name, this.#text(text, cover, (same) => same)]));
      return concealMap(plain, this.rules, cover);
    }
    const line = this.#wholeLine(value, cover);
    return Object.fromEntries(
      Object.entries(value).map(([field, inner]) => [field, line[field] ?? this.#conceal(inner, cover, FIELDS[field])]),
    );
  }

  /** An entrypoint and its arguments are one command line: the program says what its options mean. */
  #wholeLine(value: object, cover: Cover): { readonly [field: string]: readonly string[] } {
    const { entrypoint, cmd } = value as { readonly entrypoint?: readonly string[]; readonly cmd?: readonly string[] };
    if (!Array.isArray(entrypoint) || !Array.isArray(cmd)) return {};
    const words: readonly string[] = this.#conceal([...(entrypoint as string[]), ...(cmd as string[])], cover, 'argv');
    return { entrypoint: words.slice(0, entrypoint.length), cmd: words.slice(entrypoint.length) };
  }

  /** A text that looks like a mark would be taken for one later; so it is a secret as a whole. */
  #text(text: string, cover: Cover, otherwise: (text: string) => string): string {
    return text.includes(COVERED) ? cover(text) : otherwise(text);
  }
}

/** A record with its secrets in place of their marks. */
export function withValues<R>(record: R, values: readonly string[]): R {
  if (values.length === 0) return record;
  return mapStrings(record, (text) => text.replaceAll(MARK, (mark, place: string) => values[Number(place)] ?? mark));
}

/** A text from elsewhere (an error of a program) without the secrets. Short ones stay: they would be found everywhere. */
export function withoutValues(text: string, values: readonly string[]): string {
  return values.reduce((rest, value) => (value.length < 6 ? rest : rest.replaceAll(value, '[redacted]')), text);
}

/** Ids of all secrets that records refer to: environment values, and {@link Secrets}' own. */
export function references(state: StateView): ReadonlySet<string> {
  const ids = new Set<string>();
  for (const { spec } of [...state.containers.values(), ...state.execs.values()]) {
    if (spec.env.secret !== undefined) ids.add(spec.env.secret.id);
    if (spec.sealed !== undefined) ids.add(spec.sealed.id);
  }
  for (const { sealed } of [...state.volumes.values(), ...state.networks.values()]) if (sealed !== undefined) ids.add(sealed.id);
  return ids;
}

function referenceIn(args: object): SecretRef | undefined {
  const { sealed, spec } = args as Sealed & { readonly spec?: Sealed };
  return sealed ?? spec?.sealed;
}

/** Only the engine says where secrets are: a client's word would read somebody else's. */
function withoutReference<A extends object>(args: A): A {
  const { sealed: _, ...rest } = args as A & Sealed;
  if (!('spec' in rest)) return rest as A;
  const { sealed: __, ...spec } = rest.spec as Sealed;
  return { ...rest, spec } as A;
}

function isMap(value: object): value is { readonly [name: string]: string } {
  return Object.values(value).every((one) => typeof one === 'string');
}

function mapStrings<R>(value: R, change: (text: string) => string): R;
function mapStrings(value: unknown, change: (text: string) => string): unknown {
  if (typeof value === 'string') return change(value);
  if (Array.isArray(value)) return value.map((one) => mapStrings(one, change));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([field, inner]) => [field, mapStrings(inner, change)]));
}
