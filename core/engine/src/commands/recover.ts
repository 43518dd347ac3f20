import { failed, healthcheckOf, succeeded, upcast } from '@shiplog/model';
import {
  type CommandType,
  createContext,
  type EventOf,
  type Observed,
  type OpenOperation,
  type OperationContext,
  type ShiplogEvent,
  ShiplogError,
} from '@shiplog/contracts';
import { volumeArgs } from '../containers/container-volumes.ts';
import { endLeftovers } from '../build/leftovers.ts';
import type { EngineCore } from '../core.ts';
import { system } from '../system.ts';
import { driversInUse, isLayer } from '../drivers/drivers-in-use.ts';
import type { Executor } from './executor.ts';
import { Operation } from './operation.ts';
import type { Handler } from '../operations/handler.ts';
import { HANDLERS } from '../operations/table.ts';
import { endOf, recordExit } from '../reactors/exits.ts';
import { references } from '../secrets/secrets.ts';
import { isSubjectKey } from './subjects.ts';
import { settle } from '../reactors/settle.ts';
import { Turns } from './turns.ts';

/** Milliseconds a driver has to say what it holds. */
const OBSERVE_MS = 30_000;

/**
 * Makes log and reality agree after a start: every intent without an outcome gets one, every process that ended unseen is
 * recorded, what ended is given back, and what belongs to nobody is removed. A second recovery finds nothing to do.
 */
export async function recover(core: EngineCore, executor: Executor): Promise<void> {
  await restoreNetworks(core);
  const open = [...core.ledger.head.openOperations.values()].toSorted((a, b) => a.seq - b.seq);
  // Builds take effect by commands of their own: these come to their ends first.
  const builds: Operation<CommandType>[] = [];
  for (const operation of open) {
    const op = await operationOf(core, executor, operation);
    if (op.verb === 'image.build') builds.push(op);
    else await complete(core, op);
  }
  for (const op of builds) await endBuild(core, op);
  await findExits(core);
  await endProbes(core);
  for (const op of builds) await complete(core, op);
  await collectOrphans(core);
  await Promise.all([...core.ledger.head.containers.keys()].map((id) => settle(core, executor, id)));
}

/** A reboot takes bridges away; making them again is harmless where they are. */
async function restoreNetworks(core: EngineCore): Promise<void> {
  for (const { id, name, driver, subnet, gateway, internal, options } of core.ledger.head.networks.values()) {
    const args = { network: { id, name, subnet, gateway, internal, options: { ...options } } };
    try {
      await core.call('network', driver, 'createNetwork', args, background(core));
    } catch (error) {
      core.drift('network', name, 'present', ShiplogError.wrap(error).message);
    }
  }
}

async function operationOf(core: EngineCore, executor: Executor, open: OpenOperation): Promise<Operation<CommandType>> {
  let intent: EventOf<`${CommandType}.requested`> | undefined;
  for await (const event of core.ledger.log.read({ from: open.seq, to: open.seq }))
    intent = upcast(event) as EventOf<`${CommandType}.requested`>;
  if (intent === undefined) throw new ShiplogError('LOG_CORRUPT', `position ${open.seq} cannot be read`, { seq: open.seq });
  const verb = open.verb as CommandType;
  const caller = system('recovery', { corr: intent.corr });
  return new Operation<CommandType>(core, intent, verb, caller, {}, new Turns().turn(), executor.carryOut);
}

/** A process that hangs keeps nobody from serving. */
async function endBuild(core: EngineCore, op: Operation<CommandType>): Promise<void> {
  try {
    await endLeftovers(op as Operation<'image.build'>, background(core));
  } catch (error) {
    core.drift('container', op.intent.op, 'ended', ShiplogError.wrap(error).message);
  }
}

async function complete(core: EngineCore, op: Operation<CommandType>): Promise<void> {
  const { intent, verb } = op;
  const handler = HANDLERS[verb] as Handler<CommandType>;
  const ms = (): number => millisSince(core, intent);
  const end = async () => {
    try {
      const found = await handler.recover(op);
      if (found.status === 'ok') return succeeded(verb, intent.stream, found.data, { status: 'ok', ms: ms(), steps: op.stepTimes });
      return failed(verb, intent.stream, { status: found.status, ms: ms(), error: found.error, steps: op.stepTimes });
    } catch (error) {
      return failed(verb, intent.stream, { status: 'unknown', ms: ms(), error: ShiplogError.wrap(error).toRecord(), steps: op.stepTimes });
    }
  };
  const outcome = { ...(await end()), cause: intent.seq };
  core.parts.logger.info('interrupted operation', { op: intent.op, verb, status: outcome.result?.status });
  await core.ledger.append({ stamp: op.stamp(), events: [outcome] }).durable;
}

/** Milliseconds since an event, in which nobody may have run: by the monotonic clock within a boot, by the wall clock from one boot to the next. */
function millisSince({ parts: { clock, host } }: EngineCore, { boot, mono, t }: Pick<ShiplogEvent, 'boot' | 'mono' | 't'>): number {
  const nanos = boot === host.bootId ? BigInt(clock.mono()) - BigInt(mono) : BigInt(clock.now()) - BigInt(t);
  return Math.max(0, Number(nanos / 1000n) / 1000);
}

/** Records the end of processes that the log still believes to run. */
async function findExits(core: EngineCore): Promise<void> {
  for (const container of core.ledger.head.containers.values().toArray()) {
    if (container.process === undefined) continue;
    const exit = await endOf(core, container);
    if (exit !== undefined) await recordExit(core, exit, 'recovery');
  }
  for (const exec of core.ledger.head.execs.values().toArray()) {
    if (exec.status !== 'running' || core.ledger.head.containers.get(exec.containerId)?.process !== undefined) continue;
    const data = { id: exec.id, containerId: exec.containerId, exitCode: 255, finishedAt: core.parts.clock.now() };
    await core.observe({ stream: `container/${exec.containerId}`, type: 'exec.exited', kind: 'observed', data }, 'recovery');
  }
}

/** Ends what an engine that is gone was probing with. The probes go on, with one of this engine. */
async function endProbes(core: EngineCore): Promise<void> {
  const { containers, images } = core.ledger.head;
  const probed = [...containers.values()].filter(
    ({ process, spec, imageId }) => process !== undefined && healthcheckOf(spec, images.get(imageId)?.config) !== undefined,
  );
  await Promise.all(probed.map((container) => core.probes.end(container)));
}

/** Removes what drivers hold under ids that the log does not know, and says so. */
async function collectOrphans(core: EngineCore): Promise<void> {
  const { head } = core.ledger;
  const { chosen, drivers, paths } = core.parts;
  const ctx = background(core);
  const active = (id: string): boolean => head.containers.get(id)?.active === true;
  const endpoints = new Set(
    [...head.containers.values()].filter((c) => c.active).flatMap((c) => Object.values(c.endpoints).map((e) => e.id)),
  );
  const orphan = async (kind: string, found: Observed, known: boolean, remove: () => Promise<unknown>): Promise<void> => {
    if (known) return;
    // What cannot be removed keeps nobody from serving; the next start tries again.
    const now = await remove().then(
      () => 'present, and removed',
      (error: unknown) => `present; it could not be removed: ${ShiplogError.wrap(error).message}`,
    );
    core.drift(kind, `${found.resource}/${found.id}`, 'absent', now);
  };
  for (const name of driversInUse(core, 'runtime')) {
    const runtime = drivers.get('runtime', name);
    for (const found of await seen(core, 'runtime', name))
      await orphan('runtime', found, active(found.id), () => runtime.remove({ id: found.id }, ctx));
  }
  const cgroup = drivers.get('cgroup', chosen.cgroup);
  for (const found of await seen(core, 'cgroup', chosen.cgroup))
    await orphan('cgroup', found, active(found.id), () => cgroup.remove({ id: found.id }, ctx));
  for (const name of driversInUse(core, 'storage')) {
    const storage = drivers.get('storage', name);
    const own = (id: string): boolean => head.containers.get(id)?.storageDriver === name;
    for (const found of await seen(core, 'storage', name)) {
      if (found.resource === 'mount') {
        const unmount = () => storage.unmount({ key: found.id, target: paths.rootfs(found.id) }, ctx);
        await orphan('storage', found, active(found.id) && own(found.id), unmount);
      } else {
        const known = isLayer(core, name, found.id) || own(found.id);
        await orphan('storage', found, known, () => storage.remove({ key: found.id }, ctx));
      }
    }
  }
  for (const name of driversInUse(core, 'network')) {
    const network = drivers.get('network', name);
    for (const found of await seen(core, 'network', name)) {
      if (found.resource === 'sandbox')
        await orphan('network', found, active(found.id), () => network.closeSandbox({ id: found.id, path: paths.sandbox(found.id) }, ctx));
      else if (found.resource === 'endpoint')
        await orphan('network', found, endpoints.has(found.id), () => network.removeEndpoint({ id: found.id }, ctx));
    }
  }
  await unpublishForGone(core, ctx, active);
  await forgetOrphanedSecrets(core);
}

/** Volumes that are held for containers which do not run are let go of. */
async function unpublishForGone(core: EngineCore, ctx: ReturnType<typeof background>, active: (id: string) => boolean): Promise<void> {
  for (const driver of driversInUse(core, 'volume')) {
    for (const { resource, id: consumer, of: name } of await seen(core, 'volume', driver)) {
      if (resource !== 'publication' || name === undefined || active(consumer)) continue;
      core.drift('volume', `publication/${name}/${consumer}`, 'absent', 'present, and removed');
      const volume = core.ledger.head.volumes.get(name);
      const mountpoint = `${core.parts.defaults.volumeRoot}/${name}/_data`;
      const args = { ...volumeArgs(volume ?? { name, driver, options: {}, mountpoint }), consumer };
      await core.call('volume', driver, 'unpublish', args, ctx);
    }
  }
}

async function forgetOrphanedSecrets(core: EngineCore): Promise<void> {
  const known = references(core.ledger.head);
  const vault = core.parts.drivers.get('vault', core.parts.chosen.vault);
  for (const id of await vault.observe()) if (!known.has(id) && !isSubjectKey(id)) await vault.remove(id);
}

/** What a driver sees. One that does not say so keeps nobody from serving: it is reported, and what it holds stays. */
async function seen(
  core: EngineCore,
  kind: 'runtime' | 'cgroup' | 'storage' | 'network' | 'volume',
  name: string,
): Promise<readonly Observed[]> {
  const { promise: late, reject } = Promise.withResolvers<never>();
  const cancel = core.parts.clock.after(OBSERVE_MS, () =>
    reject(new ShiplogError('DEADLINE_EXCEEDED', 'it did not answer observe in time')),
  );
  try {
    return await Promise.race([core.parts.drivers.get(kind, name).observe(), late]);
  } catch (error) {
    core.drift('driver', `${kind}/${name}`, 'says what it holds', ShiplogError.wrap(error).message);
    return [];
  } finally {
    cancel();
  }
}

function background(core: EngineCore): OperationContext {
  return createContext({ op: core.parts.identities.op(), signal: core.parts.clock.deadline(60_000) });
}
