import type { Behaviour, SimHost } from '@shiplog/sim-host';
import type { RecordedRuns } from '../recording/runs.ts';
import type { Reboots } from './reboots.ts';
import type { VirtualClock } from './virtual-clock.ts';

/**
 * Processes that do what they did: each run of a container lasts as long as its run of that number had lasted, or ends of the
 * signal that had ended it, as long after it, with the same exit code. A run that nobody recorded goes on until it is signalled;
 * SIGKILL ends every run, and so does a signal to one of which no end by a signal is known. What ended with the host is handed to `reboots`.
 */
export function recordedBehaviour(runs: RecordedRuns, clock: VirtualClock, reboots: Reboots): (host: SimHost) => Behaviour {
  return (host) => {
    const started = new Map<string, number>();
    const run = (container: string) => runs.containers.get(container)?.[(started.get(container) ?? 0) - 1];
    return {
      started(container) {
        const number = (started.get(container) ?? 0) + 1;
        started.set(container, number);
        const end = run(container);
        if (end === undefined || end.signal !== undefined) return;
        const exit = (): void => {
          // A later run has an end of its own.
          if (started.get(container) === number) host.exit(container, end.exitCode, end.oomKilled);
        };
        if (end.withHost === undefined) clock.after(end.afterMs, exit);
        else reboots.add(end.withHost, exit);
      },
      signalled(container, signal) {
        const end = run(container);
        if (end?.signal === signal) clock.after(end.afterMs, () => host.exit(container, end.exitCode, end.oomKilled));
        else if (signal === 9 || end?.signal === undefined) {
          if (signal === 9 || ENDS.has(signal)) host.exit(container, 128 + signal);
        }
      },
      execStarted(container, exec) {
        const end = runs.execs.get(exec);
        if (end === undefined) return;
        const exit = (): void => host.exitExec(container, exec, end.exitCode);
        if (end.withHost === undefined) clock.after(end.afterMs, exit);
        else reboots.add(end.withHost, exit);
      },
    };
  };
}

/** Signals that end a process which does not care for them (signal(7)): HUP, INT, QUIT, KILL, TERM. */
const ENDS: ReadonlySet<number> = new Set([1, 2, 3, 9, 15]);
