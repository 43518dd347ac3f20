import { type CommandArgs, type CommandType, type SecretRef, ShiplogError, type StateView } from '@shiplog/contracts';
import type { EngineParts } from '../ports.ts';
import { COVERED, concealArgv, concealMap, concealText, type Cover } from './conceal.ts';
import { redact } from './redact.ts';
import { DEFAULT_RULES, type SecretRules } from './rules.ts';

/** What stands where a secret was: its place among the secrets of the record, and a keyed hash that tells whether two are equal. */
const MARK = /\[sealed:(\d+):[0-9a-f]{16}\]/g;

/** The same before the hash is known. */
const UNHASHED = /\[sealed:(\d+):\?\]/g;

/** A record whose secrets are in the vault. */
interface Sealed {
  readonly sealed?: SecretRef;
}

/** How a field is searched: as a command line, as names with values, as free text; or, where something is looked up by it, only if it can be none. */
type Kind = 'argv' | 'map' | 'text' | 'identity' | 'env' | 'instructions' | 'assignments';

/** Fields by name, at any depth of a command's arguments. Any other is text: nothing that a client writes is above suspicion. */
const FIELDS: { readonly [field: string]: Kind } = {
  entrypoint: 'argv',
  cmd: 'argv',
  command: 'argv',
  test: 'argv',
  shell: 'argv',
  labels: 'map',
  annotations: 'map',
  options: 'map',
  logOptions: 'map',
  driverOptions: 'map',
  sysctls: 'map',
  env: 'env',
  changes: 'instructions',
  arg: 'assignments',
  buildArgs: 'assignments',
  Env: 'assignments',
  Entrypoint: 'argv',
  Cmd: 'argv',
  Test: 'argv',
  Labels: 'map',
  name: 'identity',
  image: 'identity',
  container: 'identity',
  reference: 'identity',
  networkMode: 'identity',
  ipcMode: 'identity',
  pidMode: 'identity',
  driver: 'identity',
  logDriver: 'identity',
  storageDriver: 'identity',
  runtime: 'identity',
};

/** What no name, id or reference can have: what is refused for it may hold a secret, as a URL does where a reference was meant. */
const NO_IDENTITY = /[=@\s]|:\/\//;

/** A word in quotes. */
const QUOTED = /(["'])((?:\\.|(?!\1)[^\\])*)\1/g;

/** Names of fields, most options and labels: no rule finds anything in them. */
const PLAIN_NAME = /^[A-Za-z][\w.]{0,31}$/;

/** Commands whose records need the values again, and where their reference is kept. */
const KEPT: { readonly [T in CommandType]?: 'spec' | 'args' } = {
  'container.create': 'spec',
  'container.extract': 'args',
  'exec.create': 'spec',
  'volume.create': 'args',
  'network.create': 'args',
  'image.import': 'args',
  'image.commit': 'args',
  'image.build': 'args',
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
    const kept = KEPT[type];
    if (kept === undefined) return mapStrings(given, (text) => this.#identity(text));
    const { marked, values } = await this.#marked((cover) => this.#conceal(withoutReference(given), cover));
    if (values.length === 0) return marked;
    const vault = this.parts.drivers.get('vault', this.parts.chosen.vault);
    const sealed = await vault.put(this.parts.identities.hex().slice(0, 32), JSON.stringify(values));
    if (kept === 'args') return { ...marked, sealed };
    const { spec } = marked as CommandArgs['container.create' | 'exec.create'];
    return { ...marked, spec: { ...spec, sealed } } as CommandArgs[T];
  }

  /** A client's idempotency key as the log may have it: the same for the same one, so that it is found again. */
  async idempotencyKey(key: string): Promise<string> {
    return (await this.#marked((cover) => this.#conceal(key, cover))).marked;
  }

  /** The values that a record's marks stand for, in order. None where there are none, or they were erased. */
  async values({ sealed }: Sealed): Promise<readonly string[]> {
    if (sealed === undefined) return [];
    return JSON.parse(await this.parts.drivers.get('vault', this.parts.chosen.vault).get(sealed)) as string[];
  }

  /** A record with its secrets in place of their marks; marks stay where the values were erased. */
  async known<R extends Sealed | { readonly spec: Sealed }>(record: R): Promise<R> {
    try {
      return withValues(record, await this.values('spec' in record ? record.spec : record));
    } catch (error) {
      if (ShiplogError.wrap(error).code !== 'SECRET_NOT_FOUND') throw error;
      return record;
    }
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

  /** What comes of concealing with marks for the secrets that are found, and these, by their places. */
  async #marked<R>(conceal: (cover: Cover) => R): Promise<{ readonly marked: R; readonly values: readonly string[] }> {
    const values: string[] = [];
    // A secret with another one in it is kept as it was.
    const whole = (text: string): string => text.replaceAll(UNHASHED, (_, place: string) => values[Number(place)] ?? '');
    // Marks need hashes, which the vault makes: covered with the place first, hashed once all are known.
    const covered = conceal((secret) => `${COVERED}${values.push(whole(secret)) - 1}:?]`);
    if (values.length === 0) return { marked: covered, values };
    const vault = this.parts.drivers.get('vault', this.parts.chosen.vault);
    const hashes = await Promise.all(values.map((value) => vault.mac(value)));
    const mark = (_: string, place: string): string => `${COVERED}${place}:${(hashes[Number(place)] ?? '').slice(0, 16)}]`;
    return { marked: mapStrings(covered, (text) => text.replaceAll(UNHASHED, mark)), values };
  }

  /** A name or reference; without the secrets of what cannot be one, which nobody needs again. */
  #identity(text: string): string {
    return NO_IDENTITY.test(text) ? redact(text, this.rules) : text;
  }

  #conceal<R>(value: R, cover: Cover, kind?: Kind): R;
  #conceal(value: unknown, cover: Cover, kind: Kind = 'text'): unknown {
    if (typeof value === 'string') {
      // Of a container's variables only names are here; of a build's step, whole entries.
      if (kind === 'assignments' || kind === 'env') return this.#assignment(value, cover);
      if (kind === 'instructions') return this.#instruction(value, cover);
      return kind === 'identity' ? this.#identity(value) : this.#text(value, cover);
    }
    if (Array.isArray(value)) {
      if (kind === 'argv' && value.every((word) => typeof word === 'string')) {
        const words = value.map((word: string) => this.#unmarked(word, cover));
        return concealArgv(words, this.rules, cover);
      }
      return value.map((one) => this.#conceal(one, cover, kind));
    }
    if (typeof value !== 'object' || value === null) return value;
    if (kind === 'map' && isMap(value)) {
      const plain = Object.fromEntries(
        Object.entries(value).map(([name, text]) => [this.#unmarked(name, cover), this.#unmarked(text, cover)]),
      );
      return concealMap(plain, this.rules, cover);
    }
    const line = this.#wholeLine(value, cover);
    return Object.fromEntries(
      Object.entries(value).map(([field, inner]) => [
        PLAIN_NAME.test(field) ? field : this.#text(field, cover),
        line[field] ?? (kind === 'env' && field === 'secret' ? inner : this.#conceal(inner, cover, kindOf(field, value))),
      ]),
    );
  }

  /** An entrypoint and its arguments are one command line: the program says what its options mean. */
  #wholeLine(value: object, cover: Cover): { readonly [field: string]: readonly string[] } {
    const { entrypoint, cmd } = value as { readonly entrypoint?: readonly string[]; readonly cmd?: readonly string[] };
    if (!Array.isArray(entrypoint) || !Array.isArray(cmd)) return {};
    const words: readonly string[] = this.#conceal([...(entrypoint as string[]), ...(cmd as string[])], cover, 'argv');
    return { entrypoint: words.slice(0, entrypoint.length), cmd: words.slice(entrypoint.length) };
  }

  /** A Dockerfile instruction: of variables the values are secrets, whatever their names are. */
  #instruction(line: string, cover: Cover): string {
    if (line.includes(COVERED)) return cover(line);
    const [, start = '', values = ''] = /^(\s*ENV\s+[^\s=]+(?:=|\s+))([\s\S]+)$/i.exec(line) ?? [];
    if (values !== '') return start + cover(values);
    // A name with a quoted value hides what is within from the rules, which look at names first.
    const within = line.replaceAll(QUOTED, (_, quote: string, text: string) => `${quote}${this.#text(text, cover)}${quote}`);
    return within.includes(COVERED) ? concealText(within, this.rules, cover) : this.#text(within, cover);
  }

  /** `NAME=value`: the value is a secret, whatever the name is. A name alone stays. */
  #assignment(entry: string, cover: Cover): string {
    const equals = entry.indexOf('=', 1);
    if (equals < 0 || entry.slice(0, equals).includes(COVERED)) return this.#text(entry, cover);
    return equals === entry.length - 1 ? entry : entry.slice(0, equals + 1) + cover(entry.slice(equals + 1));
  }

  #text(text: string, cover: Cover): string {
    const unmarked = this.#unmarked(text, cover);
    return unmarked === text ? concealText(text, this.rules, cover) : unmarked;
  }

  /** A text that looks like a mark would be taken for one later; so it is a secret as a whole. */
  #unmarked(text: string, cover: Cover): string {
    return text.includes(COVERED) ? cover(text) : text;
  }
}

function kindOf(field: string, parent: object): Kind {
  // Of a volume it is the name.
  if (field === 'source' && 'type' in parent && parent.type === 'volume') return 'identity';
  return FIELDS[field] ?? 'text';
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

/** A value with every text in it changed, names of fields that are not plain too. */
export function mapStrings<R>(value: R, change: (text: string) => string): R;
export function mapStrings(value: unknown, change: (text: string) => string): unknown {
  if (typeof value === 'string') return change(value);
  if (Array.isArray(value)) return value.map((one) => mapStrings(one, change));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([field, inner]) => [PLAIN_NAME.test(field) ? field : change(field), mapStrings(inner, change)]),
  );
}
