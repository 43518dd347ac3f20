import { type ContainerRecord, type EndpointRecord, ShiplogError } from '@shiplog/contracts';
import { firstValueFrom, filter, map, Observable, race, take } from 'rxjs';
import type { EngineCore } from '../core.ts';
import { detachArgs } from './container-up.ts';
import { unpublishVolumes } from './container-volumes.ts';
import { type Operation, together } from '../commands/operation.ts';
import type { Clock } from '../ports.ts';

/** SIGKILL cannot be refused; a process that outlives it this long hangs in the kernel. */
const KILL_GRACE_MS = 30_000;

/**
 * Gives back what a container that does not run holds on the host. Every verb in it succeeds when there is nothing to do,
 * so this both follows an exit and cleans up after a crash. When no process and no mount of it is left, `onceUnused` goes on
 * beside the rest.
 */
export async function bringDown(
  op: Operation,
  container: ContainerRecord,
  endpoints: readonly EndpointRecord[] = Object.values(container.endpoints),
  onceUnused: () => Promise<unknown> = async () => undefined,
): Promise<void> {
  const { parts } = op.engine;
  const { id } = container;
  const ended = op.step('runtime', container.runtime, 'remove', { id }).then(() => op.engine.outputs.end(container));
  const unmounted = op.step('storage', container.storageDriver, 'unmount', { key: id, target: parts.paths.rootfs(id) });
  await together(
    ended.then(() => together(op.step('cgroup', parts.chosen.cgroup, 'remove', { id }), unpublishVolumes(op, container))),
    together(ended, unmounted).then(onceUnused),
    (async () => {
      for (const endpoint of endpoints) {
        const recorded = op.engine.ledger.head.networks.get(endpoint.networkId);
        if (recorded !== undefined) {
          const network = await op.engine.secrets.known(recorded);
          await op.step('network', network.driver, 'detach', detachArgs(container, endpoint, network), {
            label: `network.detach ${network.name}`,
          });
        }
      }
      await op.engine.names.end(id);
      const driver = sandboxDriver(op, container, endpoints);
      if (driver !== undefined) await op.step('network', driver, 'closeSandbox', { id, path: parts.paths.sandbox(id) });
    })(),
  );
}

/** The driver that made the container's sandbox: its first network's, unless it changed networks since. Undefined where it joined another container's. */
function sandboxDriver(op: Operation, container: ContainerRecord, endpoints: readonly EndpointRecord[]): string | undefined {
  const { networkDisabled, networkMode } = container.spec;
  if (!networkDisabled && networkMode.startsWith('container:')) return undefined;
  if (container.sandbox !== undefined) return container.sandbox;
  const first = endpoints.toSorted((a, b) => a.ifName.localeCompare(b.ifName, 'en', { numeric: true }))[0];
  return (first === undefined ? undefined : op.engine.ledger.head.networks.get(first.networkId)?.driver) ?? 'none';
}

/** Sends a signal as a step of its own, which Docker's clients see as a `kill` event. */
export async function signal(op: Operation, container: ContainerRecord, number: number): Promise<boolean> {
  const { delivered } = await op.step(
    'runtime',
    container.runtime,
    'signal',
    { id: container.id, signal: number },
    { label: 'signal', facts: () => ({ signal: number }) },
  );
  return delivered;
}

/** Lets a container run on that may be paused. */
export async function thaw(op: Operation, { id }: ContainerRecord): Promise<void> {
  await op.step('cgroup', op.engine.parts.chosen.cgroup, 'thaw', { id });
}

/** Ends a running container: `signal`, and after `timeoutSeconds` (-1: never) SIGKILL. Resolves with the exit code once the exit is a durable fact. */
export async function endProcess(op: Operation, container: ContainerRecord, number: number, timeoutSeconds: number): Promise<number> {
  const { clock } = op.engine.parts;
  const exited = exitOf(op.engine, container.id);
  // One that is being removed may have been paused before: frozen processes do not die, not even of SIGKILL.
  if (container.status !== 'running') await thaw(op, container);
  await signal(op, container, number);
  const code = await within(clock, exited, timeoutSeconds < 0 ? Number.POSITIVE_INFINITY : timeoutSeconds * 1000);
  if (code !== undefined) return code;
  if (number !== 9) await signal(op, container, 9);
  const killed = await within(clock, exited, KILL_GRACE_MS);
  if (killed === undefined) {
    throw new ShiplogError('RUNTIME_FAILED', `container ${container.id} did not end after SIGKILL; a process hangs in the kernel`, {
      container: container.id,
    });
  }
  return killed;
}

/** The exit code of the container's next exit; at once if it has exited. */
function exitOf(engine: EngineCore, id: string): Promise<number> {
  const now = engine.ledger.head.containers.get(id);
  if (now !== undefined && now.status !== 'running' && now.status !== 'paused' && now.finishedAt !== '' && now.process === undefined)
    return Promise.resolve(now.exitCode);
  return firstValueFrom(
    engine.ledger.facts.pipe(
      filter((event) => event.type === 'container.exited' && event.data.id === id),
      map((event) => (event.type === 'container.exited' ? event.data.exitCode : 0)),
      take(1),
    ),
  );
}

async function within(clock: Clock, code: Promise<number>, ms: number): Promise<number | undefined> {
  if (ms === Number.POSITIVE_INFINITY) return code;
  const patience = new Observable<undefined>((waiter) => clock.after(Math.min(ms, 2 ** 31 - 1), () => waiter.next(undefined)));
  return firstValueFrom(race(code, patience));
}
