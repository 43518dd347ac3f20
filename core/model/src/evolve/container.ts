import type { ContainerRecord, EndpointRecord, EventOf, ProcessRef } from '@shiplog/contracts';
import { idleEndpoints } from '../network/joined-networks.ts';
import { healthcheckOf } from '../projections/healthcheck.ts';
import { wantsRestart } from '../projections/restart-policy.ts';
import { stopSignalOf } from '../projections/stop-signal-of.ts';
import type { Held, State } from '../state.ts';
import { change, forget, vacate, withoutProcess } from './container-record.ts';
import type { EventsOf, Evolvers } from './evolvers.ts';
import { hold, pendingOf } from './pending.ts';
import { startExitCode } from './start-failure.ts';

const KILL = 9;
/** 128 and the number of KILL: how a process ends that its namespace or host took along. */
const KILLED = 137;

export const containerEvolvers: Evolvers<EventsOf<'container'>> = {
  'container.create.requested': (state, event) => {
    const { decided, givens } = event.data;
    if (decided === null || state.containers.has(decided.id)) return;
    const volumes: string[] = [];
    for (const mount of decided.spec.mounts) {
      if (mount.type !== 'volume' || state.volumes.has(mount.source)) continue;
      volumes.push(mount.source);
      state.volumes.set(mount.source, {
        name: mount.source,
        driver: mount.driver ?? 'local',
        options: mount.options ?? {},
        labels: mount.labels ?? {},
        anonymous: mount.anonymous ?? false,
        mountpoint: `${givens.defaults.volumeRoot}/${mount.source}/_data`,
        createdAt: event.t,
      });
    }
    hold(state, event.op, { volumes });
    state.containers.set(decided.id, {
      ...decided,
      status: 'created',
      createdAt: event.t,
      startedAt: '',
      finishedAt: '',
      exitCode: 0,
      oomKilled: false,
      error: '',
      restartCount: 0,
      stopRequested: false,
      endpoints: idleEndpoints(state, decided.spec),
      active: false,
      execIds: [],
      busy: { op: event.op, verb: 'container.create' },
    });
  },
  'container.create.succeeded': () => undefined,
  'container.create.failed': (state, event) => {
    const pending = pendingOf(state, event.op, 'container.create');
    if (pending !== undefined) forget(state, pending.decided.id, pending.held.volumes ?? []);
  },

  'container.start.requested': (state, event) => {
    const { decided } = event.data;
    if (decided !== null) beginStart(state, event, decided.id, decided.endpoints, 'container.start');
  },
  'container.start.succeeded': (state, event) => {
    const pending = pendingOf(state, event.op, 'container.start');
    if (pending !== undefined) started(state, pending.decided.id, pending.held, event.data.process, event.t);
  },
  'container.start.failed': (state, event) => {
    const pending = pendingOf(state, event.op, 'container.start');
    if (pending !== undefined) startFailed(state, event, pending.decided.id, pending.held);
  },

  'container.stop.requested': (state, event) => {
    const { decided } = event.data;
    if (decided === null) return;
    hold(state, event.op, { stopRequested: state.containers.get(decided.id)?.stopRequested ?? false });
    change(state, decided.id, { busy: { op: event.op, verb: 'container.stop' }, stopRequested: true });
  },
  'container.stop.succeeded': (state, event) => {
    const pending = pendingOf(state, event.op, 'container.stop');
    const container = pending === undefined ? undefined : state.containers.get(pending.decided.id);
    // The exit was observed on the way, as a rule; where it was not, the outcome is the only word of it.
    if (container?.process !== undefined) ended(state, container, event.data.exitCode, false, event.t);
    else if (container?.status === 'restarting') change(state, container.id, { status: 'exited' });
  },
  'container.stop.failed': (state, event) => {
    const pending = pendingOf(state, event.op, 'container.stop');
    const container = pending === undefined ? undefined : state.containers.get(pending.decided.id);
    if (container?.process !== undefined || container?.status === 'restarting')
      change(state, container.id, { stopRequested: pending?.held.stopRequested ?? false });
  },

  'container.restart.requested': (state, event) => {
    const { decided } = event.data;
    if (decided === null) return;
    hold(state, event.op, { active: state.containers.get(decided.id)?.active ?? false });
    beginStart(state, event, decided.id, decided.endpoints, 'container.restart');
  },
  'container.restart.succeeded': (state, event) => {
    const pending = pendingOf(state, event.op, 'container.restart');
    if (pending !== undefined) started(state, pending.decided.id, pending.held, event.data.process, event.t);
  },
  'container.restart.failed': (state, event) => {
    const pending = pendingOf(state, event.op, 'container.restart');
    if (pending !== undefined) startFailed(state, event, pending.decided.id, pending.held);
  },

  'container.kill.requested': () => undefined,
  'container.kill.succeeded': (state, event) => {
    const pending = pendingOf(state, event.op, 'container.kill');
    const container = pending === undefined ? undefined : state.containers.get(pending.decided.id);
    if (pending === undefined || container === undefined) return;
    const { signal } = pending.decided;
    // A signal that means "end" is a wish to stop, and restart policies heed it; others, such as HUP, are not.
    if (signal === KILL || signal === stopSignalOf(state, container)) {
      // It may have ended before this was known.
      change(state, container.id, { stopRequested: true, ...(container.status === 'restarting' ? { status: 'exited' } : {}) });
    }
  },
  'container.kill.failed': () => undefined,

  'container.pause.requested': () => undefined,
  'container.pause.succeeded': (state, event) => {
    const pending = pendingOf(state, event.op, 'container.pause');
    const container = pending === undefined ? undefined : state.containers.get(pending.decided.id);
    if (container?.status === 'running') change(state, container.id, { status: 'paused' });
  },
  'container.pause.failed': () => undefined,
  'container.unpause.requested': () => undefined,
  'container.unpause.succeeded': (state, event) => {
    const pending = pendingOf(state, event.op, 'container.unpause');
    const container = pending === undefined ? undefined : state.containers.get(pending.decided.id);
    if (container?.status === 'paused') change(state, container.id, { status: 'running' });
  },
  'container.unpause.failed': () => undefined,

  'container.rename.requested': (state, event) => {
    const { decided } = event.data;
    if (decided !== null) change(state, decided.id, { name: decided.name });
  },
  'container.rename.succeeded': () => undefined,
  'container.rename.failed': (state, event) => {
    const pending = pendingOf(state, event.op, 'container.rename');
    if (pending !== undefined) change(state, pending.decided.id, { name: pending.decided.oldName });
  },

  'container.migrate.requested': (state, event) => {
    const { decided } = event.data;
    if (decided !== null) change(state, decided.id, { busy: { op: event.op, verb: 'container.migrate' } });
  },
  'container.migrate.succeeded': (state, event) => {
    const pending = pendingOf(state, event.op, 'container.migrate');
    if (pending !== undefined) change(state, pending.decided.id, { storageDriver: pending.decided.to });
  },
  'container.migrate.failed': () => undefined,

  'container.update.requested': () => undefined,
  'container.update.succeeded': (state, event) => {
    const pending = pendingOf(state, event.op, 'container.update');
    const container = pending === undefined ? undefined : state.containers.get(pending.decided.id);
    if (pending === undefined || container === undefined) return;
    const { limits, restart = container.spec.restart } = pending.decided;
    change(state, container.id, { spec: { ...container.spec, resources: { ...container.spec.resources, ...limits }, restart } });
  },
  'container.update.failed': () => undefined,

  'container.resize.requested': () => undefined,
  'container.resize.succeeded': () => undefined,
  'container.resize.failed': () => undefined,

  'container.extract.requested': (state, event) => {
    const { decided } = event.data;
    if (decided !== null) change(state, decided.id, { busy: { op: event.op, verb: 'container.extract' } });
  },
  'container.extract.succeeded': () => undefined,
  'container.extract.failed': () => undefined,

  'container.stat.requested': (state, event) => beginRead(state, event, 'container.stat'),
  'container.stat.succeeded': () => undefined,
  'container.stat.failed': () => undefined,
  'container.archive.requested': (state, event) => beginRead(state, event, 'container.archive'),
  'container.archive.succeeded': () => undefined,
  'container.archive.failed': () => undefined,
  'container.export.requested': (state, event) => beginRead(state, event, 'container.export'),
  'container.export.succeeded': () => undefined,
  'container.export.failed': () => undefined,

  'container.remove.requested': (state, event) => {
    const { decided } = event.data;
    if (decided !== null) beginRemoval(state, event, [decided.id], 'container.remove');
  },
  'container.remove.succeeded': (state, event) => {
    const pending = pendingOf(state, event.op, 'container.remove');
    if (pending !== undefined) forget(state, pending.decided.id, pending.decided.volumes);
  },
  'container.remove.failed': (state, event) => endRemoval(state, pendingOf(state, event.op, 'container.remove')?.held),

  'container.release.requested': (state, event) => {
    const { decided } = event.data;
    if (decided !== null) change(state, decided.id, { busy: { op: event.op, verb: 'container.release' } });
  },
  'container.release.succeeded': (state, event) => {
    const pending = pendingOf(state, event.op, 'container.release');
    if (pending !== undefined) vacate(state, pending.decided.id);
  },
  'container.release.failed': () => undefined,

  'container.prune.requested': (state, event) => {
    const { decided } = event.data;
    if (decided !== null) beginRemoval(state, event, decided.ids, 'container.prune');
  },
  'container.prune.succeeded': (state, event) => {
    const pending = pendingOf(state, event.op, 'container.prune');
    for (const id of event.data.removed) forget(state, id, []);
    endRemoval(state, pending?.held);
  },
  'container.prune.failed': (state, event) => endRemoval(state, pendingOf(state, event.op, 'container.prune')?.held),

  'container.exited': (state, event) => {
    const { id, exitCode, oomKilled, finishedAt, source } = event.data;
    const container = state.containers.get(id);
    if (container === undefined) return;
    const starting = container.process === undefined && isStarting(container);
    // Exits are told at least once; one whose process is not known and not expected was told before.
    if (container.process === undefined && !starting) return;
    if (starting && container.busy !== undefined) hold(state, container.busy.op, { exited: true });
    // A stop before this start says nothing about this run; what is restarted anyway is so once.
    const asked = !starting && (container.stopRequested || container.busy?.verb === 'container.restart');
    ended(state, container, exitCode, oomKilled, finishedAt, !asked && wantsRestart(container, exitCode));
    if (source === 'recovery') endExecs(state, container, finishedAt);
  },
  'container.oom': () => undefined,
  'container.health': (state, event) => {
    const { id, status, failingStreak } = event.data;
    if (state.containers.get(id)?.process !== undefined) change(state, id, { health: { status, failingStreak } });
  },
};

type Requested = EventOf<EventsOf<'container'>>;
type Read = 'container.stat' | 'container.archive' | 'container.export';

/** Nobody starts or removes a container that was mounted to be read. */
function beginRead(state: State, { op, data: { decided } }: EventOf<`${Read}.requested`>, verb: Read): void {
  if (decided?.mounts === true) change(state, decided.id, { busy: { op, verb } });
}

/**
 * The container is busy and holds host resources from here on: addresses and ports are taken. Docker counts starts by the restart
 * policy, and starts anew when somebody else starts it.
 */
function beginStart(
  state: State,
  event: Requested,
  id: string,
  endpoints: readonly EndpointRecord[],
  verb: 'container.start' | 'container.restart',
): void {
  const container = state.containers.get(id);
  if (container === undefined) return;
  const byPolicy = event.actor.scheme === 'system' && event.actor.reason === 'restart-policy';
  change(state, id, {
    busy: { op: event.op, verb },
    active: true,
    endpoints: Object.fromEntries(endpoints.map((endpoint) => [endpoint.networkName, endpoint])),
    restartCount: byPolicy ? container.restartCount + 1 : 0,
  });
}

function isStarting(container: ContainerRecord): boolean {
  return container.busy?.verb === 'container.start' || container.busy?.verb === 'container.restart';
}

function started(state: State, id: string, held: Held, process: ProcessRef, at: string): void {
  const container = state.containers.get(id);
  const check = container && healthcheckOf(container.spec, state.images.get(container.imageId)?.config);
  if (check !== undefined) change(state, id, { health: { status: 'starting', failingStreak: 0 } });
  if (held.exited === true) change(state, id, { startedAt: at, error: '', stopRequested: false });
  else change(state, id, { status: 'running', process, startedAt: at, error: '', exitCode: 0, oomKilled: false, stopRequested: false });
}

/**
 * Gives back addresses and ports, unless they were held before (restart: then a release gives them back) or nobody knows
 * what is left on the host.
 */
function startFailed(state: State, event: Requested, id: string, held: Held): void {
  const container = state.containers.get(id);
  const { result } = event;
  if (container === undefined) return;
  if (container.status === 'restarting') change(state, id, { status: 'exited' });
  if (held.active !== true && result?.status !== 'unknown') vacate(state, id);
  const error = result?.error;
  if (error === undefined) return;
  change(state, id, { error: error.message });
  if (container.process === undefined) change(state, id, { exitCode: startExitCode(error.code, 128) });
}

function ended(state: State, container: ContainerRecord, exitCode: number, oomKilled: boolean, finishedAt: string, again = false): void {
  const removing = container.status === 'removing';
  if (removing && container.busy !== undefined) {
    const statuses = state.pending.get(container.busy.op)?.held.statuses;
    hold(state, container.busy.op, { statuses: { ...statuses, [container.id]: 'exited' } });
  }
  const status = removing ? 'removing' : again ? 'restarting' : 'exited';
  state.containers.set(container.id, { ...withoutProcess(container), status, exitCode, oomKilled, finishedAt });
}

/** Recovery found the container dead: nobody will tell of its exec sessions any more. */
function endExecs(state: State, container: ContainerRecord, finishedAt: string): void {
  for (const execId of container.execIds) {
    const exec = state.execs.get(execId);
    if (exec?.status !== 'running') continue;
    const { process: _, ...rest } = exec;
    state.execs.set(execId, { ...rest, status: 'exited', exitCode: KILLED, finishedAt });
  }
}

function beginRemoval(state: State, event: Requested, ids: readonly string[], verb: 'container.remove' | 'container.prune'): void {
  const before = ids.map((id) => state.containers.get(id)).filter((container) => container !== undefined);
  hold(state, event.op, { statuses: Object.fromEntries(before.map(({ id, status }) => [id, status])) });
  for (const { id } of before) change(state, id, { busy: { op: event.op, verb }, status: 'removing' });
}

function endRemoval(state: State, held: Held | undefined): void {
  for (const [id, status] of Object.entries(held?.statuses ?? {})) change(state, id, { status });
}
