import { type ContainerRecord, createContext, type NewEvent, type ProcessExit, type RuntimeDriver } from '@shiplog/contracts';
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

async function containerExited(core: EngineCore, executor: Executor, told: ProcessExit): Promise<void> {
  const { containers } = core.ledger.head;
  const before = containers.get(told.id);
  // A process may end before the outcome of its start is admitted; the exit comes after it in the log.
  const early = before !== undefined && before.process === undefined;
  if (early) await executor.idle(told.id);
  const container = containers.get(told.id);
  if (container?.process === undefined) return;
  // What is told again, or late, may be the end of an earlier run.
  const mayBeOld = early || BigInt(told.finishedAt) < BigInt(container.startedAt);
  const exit = mayBeOld ? await endOf(core, container, told) : told;
  if (exit === undefined || containers.get(told.id)?.process?.pid !== container.process.pid) return;
  const recorded = recordExit(core, exit, 'monitor');
  if (exit.oomKilled) {
    await recorded;
    return settle(core, executor, exit.id);
  }
  // Side by side: what follows from the exit is in the log after it, and shares its write.
  await Promise.all([recorded, settle(core, executor, exit.id, core.ledger.head.seq)]);
}

/** The end of a container's process, of which its runtime says more than `told`; undefined while it runs. */
export async function endOf(core: EngineCore, { id, runtime }: ContainerRecord, told?: ProcessExit): Promise<ProcessExit | undefined> {
  const { clock, drivers, identities } = core.parts;
  const ctx = createContext({ op: identities.op(), signal: clock.deadline(60_000) });
  const { status, exitCode, finishedAt, oomKilled } = await drivers.get('runtime', runtime).state({ id }, ctx);
  if (status === 'running' || status === 'created') return undefined;
  return {
    id,
    // 255 says: it ended and nobody saw how, as after a reboot.
    exitCode: exitCode ?? told?.exitCode ?? 255,
    oomKilled: oomKilled ?? told?.oomKilled ?? false,
    finishedAt: finishedAt ?? told?.finishedAt ?? clock.now(),
  };
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
