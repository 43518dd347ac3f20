import { createContext, type NewEvent, type ProcessExit, type RuntimeDriver } from '@shiplog/contracts';
import type { EngineCore } from '../core.ts';
import type { Executor } from '../commands/executor.ts';
import { isProbe } from '../probes/probes.ts';
import { settle } from './settle.ts';

/** Makes every exit the runtime tells of a fact, once. Ends when `signal` aborts. */
export async function watchExits(core: EngineCore, executor: Executor, runtime: RuntimeDriver, signal: AbortSignal): Promise<void> {
  for await (const exit of runtime.exits(signal)) {
    void (exit.exec === undefined ? containerExited(core, executor, exit) : execExited(core, runtime, exit, exit.exec)).catch(
      (error: unknown) => core.parts.logger.error('exit not recorded', { id: exit.id, error: String(error) }),
    );
  }
}

async function containerExited(core: EngineCore, executor: Executor, exit: ProcessExit): Promise<void> {
  const { head } = core.ledger;
  // A process may end before the outcome of its start is admitted; the exit comes after it in the log.
  const starting = head.containers.get(exit.id);
  if (starting !== undefined && starting.process === undefined) await executor.idle(exit.id);
  const container = head.containers.get(exit.id);
  if (container === undefined || container.process === undefined) return;
  const recorded = recordExit(core, exit, 'monitor');
  if (exit.oomKilled) {
    await recorded;
    return settle(core, executor, exit.id);
  }
  // Side by side: what follows from the exit is in the log after it, and shares its write.
  await Promise.all([recorded, settle(core, executor, exit.id, core.ledger.head.seq)]);
}

/** Appends the exit as one fact, with the OOM kills before it that are not in the log yet. */
export async function recordExit(core: EngineCore, exit: ProcessExit, source: 'monitor' | 'recovery'): Promise<void> {
  const { id, exitCode, oomKilled, finishedAt } = exit;
  const stream = `container/${id}` as const;
  const exited: NewEvent = { stream, type: 'container.exited', kind: 'observed', data: { id, exitCode, oomKilled, finishedAt, source } };
  if (!oomKilled) return core.observe(exited, source);
  return core.oomKills.recordWith(id, exited, source);
}

async function execExited(core: EngineCore, runtime: RuntimeDriver, exit: ProcessExit, exec: string): Promise<void> {
  // Who runs a probe forgets it.
  if (isProbe(exec)) return core.probes.exited(exit);
  const record = core.ledger.head.execs.get(exec);
  if (record !== undefined && record.status !== 'exited') {
    const { id: containerId, exitCode, finishedAt } = exit;
    await core.observe(
      { stream: `container/${containerId}`, type: 'exec.exited', kind: 'observed', data: { id: exec, containerId, exitCode, finishedAt } },
      'monitor',
    );
  }
  await runtime.execRemove(
    { id: exit.id, exec },
    createContext({ op: core.parts.identities.op(), signal: core.parts.clock.deadline(10_000) }),
  );
}
