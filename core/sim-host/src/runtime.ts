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
          const process = host.newProcess();
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
          run(host.processes.get(id));
          host.behaviour.started(id);
          return {};
        },
        op,
      ),
    signal: ({ id, signal }, { op }) => {
      const delivered = host.processes.get(id)?.state === 'running';
      return act(
        'signal',
        id,
        () => {
          if (host.processes.get(id)?.state === 'running') host.behaviour.signalled(id, signal);
          return { delivered };
        },
        op,
      );
    },
    resize: ({ id }, { op }) => act('resize', id, () => ({}), op),
    remove: ({ id }, { op }) => act('remove', id, () => (host.processes.delete(id), {}), op),
    execCreate: ({ id, exec }, { op }) => act('execCreate', id, () => (host.execs.set(exec, host.newProcess()), {}), op),
    execStart: ({ id, exec }, { op }) =>
      act(
        'execStart',
        id,
        () => {
          const process = host.execs.get(exec);
          if (process === undefined) throw new ShiplogError('RUNTIME_FAILED', `exec session ${exec} was not made`, { exec });
          run(process);
          host.behaviour.execStarted(id, exec);
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

function run(process: SimProcess | undefined): void {
  if (process?.state === 'created') process.state = 'running';
}

async function* exits(host: SimHost, signal: AbortSignal): AsyncGenerator<ProcessExit> {
  const queue: ProcessExit[] = [];
  let wake = (): void => undefined;
  host.follow((exit) => {
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
}
