import { type ProcessExit, type RuntimeDriver, ShiplogError } from '@shiplog/contracts';
import type { Act } from './call.ts';
import type { SimHost, SimProcess } from './sim-host.ts';

export function runtime(host: SimHost, act: Act): RuntimeDriver {
  return {
    observe: async () => [...host.processes.keys()].map((id) => ({ resource: 'container', id })),
    create: ({ id }, { op }) =>
      act(
        'create',
        id,
        () => {
          const process = host.processes.get(id) ?? host.newProcess();
          host.processes.set(id, process);
          return { process: process.ref };
        },
        op,
      ),
    start: ({ id }, { op }) =>
      act(
        'start',
        id,
        () => {
          const process = host.processes.get(id);
          if (process === undefined) throw new ShiplogError('CONTAINER_NOT_FOUND', `container ${id} was not made`, { container: id });
          if (run(process)) host.behaviour.started(id);
          return {};
        },
        op,
      ),
    signal: ({ id, signal }, { op }) => {
      const state = host.processes.get(id)?.state;
      const delivered = state === 'running' || state === 'created';
      return act(
        'signal',
        id,
        () => {
          const now = host.processes.get(id)?.state;
          if (now === 'running') host.behaviour.signalled(id, signal);
          // Nothing of it has run that could care for signals.
          else if (now === 'created' && (signal === 9 || signal === 15)) host.exit(id, 128 + signal);
          return { delivered };
        },
        op,
      );
    },
    resize: ({ id }, { op }) =>
      act(
        'resize',
        id,
        () => {
          needsLiving(host, id);
          return {};
        },
        op,
      ),
    remove: ({ id }, { op }) => act('remove', id, () => (host.processes.delete(id), {}), op),
    execCreate: ({ id, exec }, { op }) =>
      act(
        'execCreate',
        id,
        () => {
          needsLiving(host, id);
          host.execs.set(exec, host.execs.get(exec) ?? host.newProcess());
          return {};
        },
        op,
      ),
    execStart: ({ id, exec }, { op }) =>
      act(
        'execStart',
        id,
        () => {
          const process = host.execs.get(exec);
          if (process === undefined) throw new ShiplogError('EXEC_NOT_FOUND', `exec session ${exec} was not made`, { exec });
          if (run(process)) host.behaviour.execStarted(id, exec);
          return { process: process.ref };
        },
        op,
      ),
    execRemove: ({ id, exec }, { op }) => act('execRemove', id, () => (host.execs.delete(exec), {}), op),
    state: async ({ id }) => {
      const process = host.processes.get(id);
      if (process === undefined) return { status: 'absent' };
      const { ref, state, exitCode, oomKilled, finishedAt } = process;
      return state === 'exited' ? { status: state, process: ref, exitCode, oomKilled, finishedAt } : { status: state, process: ref };
    },
    attach: async () => {
      throw new ShiplogError('NOT_SUPPORTED', 'a simulated host has no stdio');
    },
    top: async () => ({ titles: [], processes: [] }),
    exits: (signal) => exits(host, signal),
  };
}

/** Lets it run; false if it did so before. */
function run(process: SimProcess): boolean {
  if (process.state !== 'created') return false;
  process.state = 'running';
  return true;
}

function needsLiving(host: SimHost, id: string): void {
  const state = host.processes.get(id)?.state;
  if (state === undefined || state === 'exited')
    throw new ShiplogError('CONTAINER_NOT_RUNNING', `container ${id} is not running`, { container: id });
}

async function* exits(host: SimHost, signal: AbortSignal): AsyncGenerator<ProcessExit> {
  const queue: ProcessExit[] = [];
  let wake = (): void => undefined;
  const unfollow = host.follow((exit) => {
    queue.push(exit);
    wake();
  });
  signal.addEventListener('abort', () => wake());
  while (!signal.aborted) {
    const next = queue.shift();
    if (next !== undefined) yield next;
    else
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
  }
  unfollow();
}
