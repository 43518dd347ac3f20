import type { CommandOf, CommandType, Decisions, ExpectedRevision, StateView } from '@shiplog/contracts';

/** What a verb decided when it did not refuse. */
export interface Verdict<T extends CommandType> {
  readonly decided: NonNullable<Decisions[T]>;
  /** What the subject's stream must be for the append to be admitted. */
  readonly expected: ExpectedRevision;
  /** Tags of what the intent claims. */
  readonly tags?: readonly string[];
  /** Tags no event since the state may carry; the same as `tags` if absent. */
  readonly conflicting?: readonly string[];
  /** No driver has anything to do: intent and outcome enter the log in one append. */
  readonly effectless?: boolean;
}

/** Decides one verb, purely. Refuses by throwing a ShiplogError. */
export type Decider<T extends CommandType> = (view: StateView, command: CommandOf<T>) => Verdict<T>;
