import { evolve, type State } from '@shiplog/model';
import { eventsSince, type Past } from './past.ts';

/** All networks: there are few. */
export async function stateOfNetwork(past: Past): Promise<State> {
  const [state, events] = await Promise.all([past.stored.some(['networks', 'pending']), eventsSince(past, { types: ['network.*'] })]);
  for (const event of events) evolve(state, event);
  return state;
}
