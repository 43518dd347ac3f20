import { type ErrorCode, type Result, VERB_TABLES, type VerbKind, type VerbTable } from '@shiplog/contracts';
import { type Change, changesBetween } from '@shiplog/replay';
import type { MadeCall } from './call-recorder.ts';

/** How a call ended: `ok`, or with which error. */
export interface CallEnd {
  readonly code: 'ok' | 'pending' | ErrorCode;
  readonly message?: string;
  readonly ms?: number;
}

/** One call of the recorded operation beside the same call of the driver under test. */
export interface ComparedCall {
  readonly verb: string;
  readonly about: string;
  /** Absent where the log does not know the call. */
  readonly recorded?: CallEnd;
  /** Absent where it was not made. */
  readonly now?: CallEnd;
  /** It takes back what failed, of which the log keeps no record. */
  readonly takesBack?: boolean;
  /** What is otherwise; absent where nothing is. */
  readonly difference?: string;
}

/** Answers in which drivers are free: they say what this one made, and not how well. */
const OWN: { readonly [call: string]: readonly string[] } = {
  'storage.applyLayer': ['bytes', 'tarBytes', 'digest'],
  'storage.mount': ['mounts'],
  'storage.usage': ['bytes', 'inodes'],
  'network.freePorts': ['ports'],
  'network.attach': ['hostInterface'],
  'cgroup.create': ['cgroupsPath'],
  'runtime.create': ['process'],
  'runtime.execStart': ['process'],
};

/**
 * Puts the calls of one family side by side, each with the same one: the second `mount` with the second. What came of a call is compared
 * with what the log says; the answer with that of the `reference`, the recorded driver that did it again, where there is one.
 */
export function compareCalls(
  kind: VerbKind,
  result: Result,
  reference: readonly MadeCall[] | undefined,
  made: readonly MadeCall[],
): readonly ComparedCall[] {
  const recorded = recordedCalls(kind, result);
  const table: VerbTable = VERB_TABLES[kind];
  const undos = new Set(Object.values(table).map(({ undo }) => undo));
  const failed = made.some(({ error }) => error !== undefined) || result.status !== 'ok';
  const nth = new Nth();
  const rows = made.map((call): ComparedCall => {
    const index = nth.next(call.verb);
    const before = recorded.filter(({ verb }) => verb === call.verb)[index];
    const again = reference?.filter(({ verb }) => verb === call.verb)[index];
    const takesBack = before === undefined && failed && undos.has(call.verb);
    const row = {
      verb: call.verb,
      about: call.about,
      ...(before === undefined ? {} : { recorded: before.end }),
      now: endOf(call),
      ...(takesBack ? { takesBack } : {}),
    };
    const expected = before?.end ?? (again === undefined ? undefined : endOf(again));
    if (expected === undefined) return takesBack ? row : { ...row, difference: 'was not called before' };
    if (expected.code !== row.now.code) return { ...row, difference: `${expected.code} before, ${told(row.now)} now` };
    const changes = again === undefined ? [] : answerChanges(`${kind}.${call.verb}`, again, call);
    return changes.length === 0 ? row : { ...row, difference: changes.map(changeText).join('; ') };
  });
  const missing = recorded.flatMap(({ verb, about, end }): readonly ComparedCall[] =>
    nth.take(verb) ? [] : [{ verb, about, recorded: end, difference: 'was not called' }],
  );
  return [...rows, ...missing];
}

/** The calls that the log's outcome tells of, by the names of its steps. */
function recordedCalls(kind: VerbKind, { steps = {}, step: failing, error }: Result) {
  return Object.entries(steps).flatMap(([label, ms]) => {
    // A stop or kill says what it did, and not of whom.
    const [name = '', about = ''] = label === 'signal' ? ['runtime.signal'] : label.split(' ');
    if (!name.startsWith(`${kind}.`)) return [];
    const end: CallEnd = label === failing && error !== undefined ? { code: error.code, message: error.message, ms } : { code: 'ok', ms };
    return [{ verb: name.slice(kind.length + 1), about, end }];
  });
}

function endOf({ answer, error, ms }: MadeCall): CallEnd {
  const time = ms === undefined ? {} : { ms };
  if (error !== undefined) return { ...error, ...time };
  return { code: answer === undefined ? 'pending' : 'ok', ...time };
}

function answerChanges(call: string, { answer: before }: MadeCall, { answer: now }: MadeCall): readonly Change[] {
  if (before === undefined || now === undefined) return [];
  const own = new Set(OWN[call]);
  const comparable = (answer: object): object =>
    JSON.parse(
      // Each private engine has a directory of its own.
      JSON.stringify(Object.fromEntries(Object.entries(answer).filter(([field]) => !own.has(field)))).replaceAll(
        /\/[^"]*?\/shiplog-reenact-\w+\//g,
        'ROOT/',
      ),
    ) as object;
  return changesBetween(comparable(before), comparable(now));
}

function changeText({ path, recorded, now }: Change): string {
  return `answers ${path}: ${JSON.stringify(recorded) ?? 'nothing'} before, ${JSON.stringify(now) ?? 'nothing'} now`;
}

function told({ code, message }: CallEnd): string {
  return message === undefined ? code : `${code} (${message})`;
}

/** Counts calls of each verb, and what is left of them. */
class Nth {
  readonly #made = new Map<string, number>();
  readonly #taken = new Map<string, number>();

  next(verb: string): number {
    const index = this.#made.get(verb) ?? 0;
    this.#made.set(verb, index + 1);
    return index;
  }

  /** Whether one more of `verb` was made than have been taken. */
  take(verb: string): boolean {
    const taken = this.#taken.get(verb) ?? 0;
    this.#taken.set(verb, taken + 1);
    return taken < (this.#made.get(verb) ?? 0);
  }
}
