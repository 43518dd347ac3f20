import type { ExecRecord } from '@shiplog/contracts';
import type { State } from '../state.ts';
import { change } from './container-record.ts';
import type { EventsOf, Evolvers } from './evolvers.ts';
import { pendingOf } from './pending.ts';
import { startExitCode } from './start-failure.ts';

/** Exec sessions of one container that are kept after they ended; older ones are found in the log alone. */
const EXITED_KEPT = 64;

export const execEvolvers: Evolvers<EventsOf<'exec'>> = {
  'exec.create.requested': (state, event) => {
    const { decided } = event.data;
    const container = decided === null ? undefined : state.containers.get(decided.containerId);
    if (decided === null || container === undefined) return;
    state.execs.set(decided.id, { ...decided, status: 'created', createdAt: event.t, startedAt: '', finishedAt: '' });
    change(state, container.id, { execIds: [...container.execIds, decided.id] });
  },
  'exec.create.succeeded': () => undefined,
  'exec.create.failed': (state, event) => {
    const pending = pendingOf(state, event.op, 'exec.create');
    if (pending !== undefined) forgetExec(state, pending.decided.id);
  },
  // From the intent on it counts as running: a session runs once, also when two ask at the same time.
  'exec.start.requested': (state, event) => {
    const { decided } = event.data;
    const exec = decided === null ? undefined : state.execs.get(decided.id);
    if (exec !== undefined) state.execs.set(exec.id, { ...exec, status: 'running', startedAt: event.t });
  },
  'exec.start.succeeded': (state, event) => {
    const pending = pendingOf(state, event.op, 'exec.start');
    const exec = pending === undefined ? undefined : state.execs.get(pending.decided.id);
    // It may have ended before its start was recorded.
    if (exec?.status === 'running') state.execs.set(exec.id, { ...exec, process: event.data.process, startedAt: event.t });
  },
  'exec.start.failed': (state, event) => {
    const pending = pendingOf(state, event.op, 'exec.start');
    const exec = pending === undefined ? undefined : state.execs.get(pending.decided.id);
    if (exec === undefined) return;
    const code = event.result?.error?.code;
    end(state, exec, code === undefined ? 126 : startExitCode(code, 126), event.t);
  },
  'exec.resize.requested': () => undefined,
  'exec.resize.succeeded': () => undefined,
  'exec.resize.failed': () => undefined,
  'exec.exited': (state, event) => {
    const exec = state.execs.get(event.data.id);
    if (exec?.status === 'running') end(state, exec, event.data.exitCode, event.data.finishedAt);
  },
};

function end(state: State, exec: ExecRecord, exitCode: number, finishedAt: string): void {
  const { process: _, ...rest } = exec;
  state.execs.set(exec.id, { ...rest, status: 'exited', exitCode, finishedAt });
  const exited = state.containers.get(exec.containerId)?.execIds.filter((id) => state.execs.get(id)?.status === 'exited') ?? [];
  for (const id of exited.slice(0, Math.max(0, exited.length - EXITED_KEPT))) forgetExec(state, id);
}

function forgetExec(state: State, id: string): void {
  const exec = state.execs.get(id);
  const container = exec === undefined ? undefined : state.containers.get(exec.containerId);
  if (container !== undefined) change(state, container.id, { execIds: container.execIds.filter((execId) => execId !== id) });
  state.execs.delete(id);
}
