import type { Kernel } from '@shiplog/contracts';
import { recordingFiles, type RecordedNode } from './recording/files.ts';
import { type FirewallAnswers, recordingFirewall } from './recording/firewall.ts';
import { recordingMounts } from './recording/mounts.ts';
import { recordingNetwork } from './recording/network.ts';
import { type RecordedProcesses, recordingProcesses } from './recording/processes.ts';
import { type RecordedCall, Recorder, refused } from './recording/recorder.ts';
import { recordingSubvolumes } from './recording/subvolumes.ts';
import { recordingTrees } from './recording/trees.ts';

export type { RecordedNode } from './recording/files.ts';
export type { RecordedCall } from './recording/recorder.ts';

/** The double, with what a test wants to see and to set. */
export interface RecordingKernel extends Kernel, RecordedProcesses {
  /** Every call so far, in order. */
  readonly calls: RecordedCall[];
  readonly firewallAnswers: FirewallAnswers;
  /** The node behind a placeholder file. */
  nodeAt(path: string): Promise<RecordedNode | undefined>;
  /** Lets the next call of this name fail with KERNEL_CALL_FAILED and the errno, or with the error given. */
  failNext(call: string, failure: string | Error): void;
}

/**
 * A {@link Kernel} without a kernel: it records each call and keeps simple state in memory (mount table, links, routes,
 * namespaces, sysctls, extended attributes, locks). Needs no root.
 *
 * The disk alone is real, because drivers use node:fs beside it: `resolveBeneath` reads it, `setTimes` sets times there
 * (to the microsecond), no socket can be bound, no tree can be had, though one can be walked, subvolumes are directories, and `mknod` leaves an empty file in the node's place, which `nodeAt` tells from a real one.
 */
export function createRecordingKernel(): RecordingKernel {
  const recorder = new Recorder();
  const firewallAnswers: FirewallAnswers = new Map();
  const processes: RecordedProcesses = {
    running: new Map(),
    busyPorts: new Set(),
    programs: new Map(),
    peer: { pid: process.pid, uid: 0, gid: 0 },
  };
  const { nodeAt, ...files } = recordingFiles(recorder);
  return {
    ...processes,
    calls: recorder.calls,
    firewallAnswers,
    nodeAt,
    failNext: (call, failure) => recorder.failNext(call, failure),
    mounts: recordingMounts(recorder),
    files,
    trees: recordingTrees(recorder),
    subvolumes: recordingSubvolumes(recorder),
    ...recordingNetwork(recorder),
    firewall: recordingFirewall(recorder, firewallAnswers),
    processes: recordingProcesses(recorder, processes),
    sockets: {
      async bind(address, namespace) {
        recorder.note('sockets.bind', address, namespace);
        throw refused('bind', 'EADDRNOTAVAIL', { address });
      },
      async sendDatagrams(call) {
        recorder.note('sockets.sendDatagrams', call);
      },
    },
  };
}
