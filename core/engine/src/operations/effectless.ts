import type { CommandAnswers, CommandType, Decisions, Outcomes } from '@shiplog/contracts';
import type { Handler } from './handler.ts';

/** A verb that changes only what the log says: its intent and outcome enter the log together, so nothing is ever interrupted. */
function effectless<T extends CommandType>(
  outcome: Outcomes[T],
  answer: (decided: NonNullable<Decisions[T]>) => CommandAnswers[T],
): Handler<T> {
  return { run: async () => outcome, recover: async () => ({ status: 'ok', data: outcome }), answer };
}

export const containerRename = effectless<'container.rename'>({}, ({ id }) => ({ id }));
export const execCreate = effectless<'exec.create'>({}, ({ id }) => ({ id }));
export const imageTag = effectless<'image.tag'>({}, ({ id }) => ({ id }));
