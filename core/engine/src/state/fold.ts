import type { EventLogReader } from '@shiplog/contracts';
import { evolve, FOLDED_TYPES, type State } from '@shiplog/model';

const REBOOT = 'host.rebooted';
const STEP = ['operation.step'];

/**
 * Folds what comes after the state's own position, up to `to`, into it; reads only what changes it. Of the steps of operations, which are
 * most of a log, those are read whose operation is open in the end.
 */
export async function foldTo(state: State, log: EventLogReader, to: number): Promise<void> {
  const from = state.seq + 1;
  if (from > to) return;
  let rebooted = -1;
  for await (const event of log.read({ from, to, types: FOLDED_TYPES })) {
    if (event.type === REBOOT) rebooted = event.seq;
    evolve(state, event);
  }
  if (state.openOperations.size > 0) {
    const first = Math.min(...[...state.openOperations.values()].map(({ seq }) => seq));
    for await (const event of log.read({ from: Math.max(from, first, rebooted + 1), to, types: STEP })) evolve(state, event);
  }
  state.seq = to;
}
