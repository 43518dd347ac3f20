import type { CommandAnswers, CommandArgs, CommandStreams, CommandType, Decisions, Outcomes, StreamName } from '@shiplog/contracts';

/** A command, decided: what its intent says and what doing it brings. */
export interface Decided<T extends CommandType> {
  readonly stream: StreamName;
  readonly decided: Decisions[T];
  run(op: string): Promise<{ readonly outcome: Outcomes[T]; readonly answer: CommandAnswers[T] }>;
}

/** What an engine does about commands, by their type. */
export type FakeHandlers = { readonly [T in CommandType]?: (args: CommandArgs[T], streams: CommandStreams) => Decided<T> };
