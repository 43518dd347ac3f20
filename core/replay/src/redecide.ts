import { type Accepted, createState, decide, type Decision, evolve, isVerb, restoreStored, type State, upcast } from '@shiplog/model';
import { type Command, type CommandType, type IntentData, type ShiplogEvent, ShiplogError } from '@shiplog/contracts';
import { Admission } from './admission.ts';
import { compareDecisions, type Difference } from './redecide/compare.ts';
import type { ReadProgress } from './fold.ts';
import { isBoundary, type Replayable } from './replayable.ts';

/** What deciding a log anew has found. */
export interface Redecided {
  /** Position of the first event read: 0 unless older ones were pruned. */
  readonly first: number;
  /** Events read. */
  readonly events: number;
  /** Commands decided anew. */
  readonly commands: number;
  readonly refusals: number;
  /** Refusals with the same code and other words, which are no difference. */
  readonly reworded: number;
  /** Commands that cannot be decided: requests that could not be read, verbs and shapes of a later release. */
  readonly skipped: number;
  readonly differences: number;
}

interface Recorded {
  readonly event: ShiplogEvent;
  readonly decided: unknown;
  readonly now: Decision;
  /** Why the log would not admit what is decided now. */
  readonly conflict: string | undefined;
}

/**
 * Takes every recorded command through today's `decide`, against the state as it was when it was decided, and tells each
 * difference, in order. What was recorded goes on counting: one difference does not lead to others.
 *
 * That state is the one just before the intent: the engine decides and admits in one go, so nothing comes between. What
 * today's decision expects of its stream and its tags is checked against the log as well.
 */
export async function redecide(log: Replayable, difference: (found: Difference) => void, progress?: ReadProgress): Promise<Redecided> {
  let state = createState();
  const admission = new Admission();
  const count = { first: 0, events: 0, commands: 0, refusals: 0, reworded: 0, skipped: 0, differences: 0 };
  let open: Recorded | undefined;
  const judge = (after: ShiplogEvent | undefined): void => {
    if (open === undefined) return;
    const { event, decided, now, conflict } = open;
    open = undefined;
    // A refusal enters the log together with its intent.
    const refusal = decided === null && after?.op === event.op ? after.result?.error : undefined;
    if (decided === null) count.refusals += 1;
    const { found, reworded } = compareDecisions(event, { decided, refusal }, now, conflict);
    if (reworded) count.reworded += 1;
    if (found === undefined) return;
    count.differences += 1;
    difference(found);
  };
  for await (const stored of log) {
    if (isBoundary(stored)) {
      state = restoreStored(stored.state);
      admission.begin(state);
      count.first = stored.first;
      continue;
    }
    count.events += 1;
    judge(stored);
    if (stored.kind === 'intent') {
      const command = commandOf(stored);
      if (command === undefined) count.skipped += 1;
      else {
        count.commands += 1;
        open = decideAgain(state, admission, stored, command);
      }
    }
    evolve(state, stored);
    admission.add(stored);
    if (stored.seq % 1024 === 0) progress?.(stored.seq);
  }
  judge(undefined);
  return count;
}

/** The command that an intent records; undefined if this release cannot decide it. */
export function commandOf(stored: ShiplogEvent): (Command & { readonly decided: unknown }) | undefined {
  const event = upcast(stored);
  if (event === undefined || event.kind !== 'intent') return undefined;
  const type = event.type.replace(/\.requested$/, '');
  if (!isVerb(type)) return undefined;
  const { args, givens, decided } = event.data as IntentData<CommandType>;
  return args === null ? undefined : ({ type, args, at: event.t, givens, decided } as Command & { readonly decided: unknown });
}

function decideAgain(state: State, admission: Admission, event: ShiplogEvent, command: Command & { readonly decided: unknown }): Recorded {
  const { decided, ...asked } = command;
  const now = decide(state, asked as Command);
  return { event, decided, now, conflict: now.ok ? conflictOf(admission, now) : undefined };
}

/** Why the log would not admit a decision; undefined if it would. */
function conflictOf(admission: Admission, { expected, conditions }: Accepted): string | undefined {
  try {
    admission.check(expected, conditions);
    return undefined;
  } catch (error) {
    return ShiplogError.wrap(error).message;
  }
}
