import type { ContainerRecord } from '@shiplog/contracts';
import { idleEndpoints } from '../network/joined-networks.ts';
import type { State } from '../state.ts';

/** Replaces fields of a container's record; nothing happens if it is gone. */
export function change(state: State, id: string, fields: Partial<ContainerRecord>): void {
  const container = state.containers.get(id);
  if (container !== undefined) state.containers.set(id, { ...container, ...fields });
}

/** The record without its process. */
export function withoutProcess(container: ContainerRecord): ContainerRecord {
  const { process: _, ...rest } = container;
  return rest;
}

/** The host holds nothing of the container any more: addresses and ports are free. */
export function vacate(state: State, id: string): void {
  const container = state.containers.get(id);
  if (container === undefined) return;
  const { sandbox: _, ...rest } = container;
  state.containers.set(id, { ...rest, active: false, endpoints: idleEndpoints(state, container.spec) });
}

/** The container is gone, with its exec sessions, leases, and those of `volumes` that nobody else mounts. */
export function forget(state: State, id: string, volumes: readonly string[]): void {
  const container = state.containers.get(id);
  if (container === undefined) return;
  for (const execId of container.execIds) state.execs.delete(execId);
  state.containers.delete(id);
  for (const name of volumes) forgetVolume(state, name);
}

/** The volume is gone, unless a container mounts it. */
export function forgetVolume(state: State, name: string): void {
  for (const { spec } of state.containers.values()) {
    if (spec.mounts.some((mount) => mount.type === 'volume' && mount.source === name)) return;
  }
  state.volumes.delete(name);
}
