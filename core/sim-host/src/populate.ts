import type { StateView } from '@shiplog/contracts';
import type { SimHost } from './sim-host.ts';

/** Puts on a host what an engine with this state had made there; processes run on from now. */
export function populate(host: SimHost, { containers, execs, images, networks }: StateView): void {
  for (const { id } of networks.values()) host.things.add(`network/network/${id}`);
  for (const { id, layers, storageDriver } of images.values()) {
    host.things.add(`blob/blob/${id}`);
    for (const { digest, chainId } of layers) host.things.add(`blob/blob/${digest}`).add(`storage:${storageDriver}/snapshot/${chainId}`);
  }
  for (const { id, storageDriver, active, status, process, exitCode, oomKilled, finishedAt, endpoints } of containers.values()) {
    host.things.add(`storage:${storageDriver}/snapshot/${id}`);
    if (!active) continue;
    host.things.add(`storage:${storageDriver}/mount/${id}`).add(`cgroup/cgroup/${id}`).add(`net/sandbox/${id}`);
    for (const endpoint of Object.values(endpoints)) if (endpoint.id !== '') host.things.add(`net/endpoint/${endpoint.id}`);
    if (status === 'paused') host.things.add(`cgroup/frozen/${id}`);
    const { ref } = host.newProcess();
    host.processes.set(id, { ref: process ?? ref, state: process === undefined ? 'exited' : 'running', exitCode, oomKilled, finishedAt });
    if (process !== undefined) host.behaviour.started(id);
  }
  for (const { id, containerId, status, process } of execs.values()) {
    if (status !== 'running') continue;
    const { ref } = host.newProcess();
    host.execs.set(id, { ref: process ?? ref, state: 'running', exitCode: 0, oomKilled: false, finishedAt: '' });
    host.behaviour.execStarted(containerId, id);
  }
}
