import type { Kernel, Ran, RunCall, SpawnPipe } from '@shiplog/contracts';
import type { Recorder } from './recorder.ts';

/** What a test sees of processes, and sets. */
export interface RecordedProcesses {
  /** Pids that run, with their start times in ticks. `processes.kill` takes a pid away. */
  readonly running: Map<number, number>;
  /** Ports something else listens on, as `tcp/8080`. */
  readonly busyPorts: Set<string>;
  /** What programs do that `processes.run` runs, by path; one without an entry says nothing and succeeds. */
  readonly programs: Map<string, (call: RunCall) => Ran>;
  /** What `processes.peerCredentials` answers; change it in place. */
  readonly peer: { pid: number; uid: number; gid: number };
}

/** Processes that are pids in memory. */
export function recordingProcesses(recorder: Recorder, { running, busyPorts, programs, peer }: RecordedProcesses): Kernel['processes'] {
  const locks = new Set<string>();
  return {
    async spawn(call) {
      recorder.note('processes.spawn', call);
      const pid = Math.max(0, ...running.keys()) + 1;
      running.set(pid, pid);
      return { pid, pipes: call.files.map((file) => (file === 'pipe' ? silence() : undefined)) };
    },
    async run(call) {
      recorder.note('processes.run', call);
      return programs.get(call.program)?.(call) ?? { code: 0, stdout: '', stderr: '' };
    },
    async *filter({ input, ...call }) {
      recorder.note('processes.filter', call);
      yield* input;
    },
    async kill(pid, signal, startTicks) {
      recorder.note('processes.kill', pid, signal, startTicks);
      const start = running.get(pid);
      if (start === undefined || (startTicks !== undefined && start !== startTicks)) return false;
      if (signal !== 0) running.delete(pid);
      return true;
    },
    async startTicks(pid) {
      recorder.note('processes.startTicks', pid);
      return running.get(pid);
    },
    async origin(pid) {
      recorder.note('processes.origin', pid);
      const start = running.get(pid);
      return start === undefined ? undefined : { start };
    },
    bootId() {
      recorder.note('processes.bootId');
      return '00000000-0000-4000-8000-000000000000';
    },
    peerCredentials(fd) {
      recorder.note('processes.peerCredentials', fd);
      return { ...peer };
    },
    async lock(path) {
      recorder.note('processes.lock', path);
      if (locks.has(path)) return undefined;
      locks.add(path);
      return {
        async release() {
          locks.delete(path);
        },
      };
    },
    async portIsFree(protocol, address, port) {
      recorder.note('processes.portIsFree', protocol, address, port);
      return !busyPorts.has(`${protocol}/${port}`);
    },
  };
}

/** What a program says that runs nowhere. */
async function* silence(): SpawnPipe {}
