import type { EventType, ShiplogEvent } from '@shiplog/contracts';
import { containerEvolvers } from './evolve/container.ts';
import { hostEvolvers, operationEvolvers } from './evolve/engine.ts';
import type { EventsOf, Evolvers } from './evolve/evolvers.ts';
import { execEvolvers } from './evolve/exec.ts';
import { imageEvolvers } from './evolve/image.ts';
import { networkEvolvers } from './evolve/network.ts';
import { closeOperation, openOperation } from './evolve/operations.ts';
import { volumeEvolvers } from './evolve/volume.ts';
import { pluginEvolvers } from './evolve/plugin.ts';
import type { State } from './state.ts';
import { upcast } from './upcast.ts';

/** What the engine says of itself, of reads, and of a host that differs, changes no record here: containers get their own exits. */
const SILENT: Evolvers<
  EventsOf<'engine'> | EventsOf<'log'> | EventsOf<'content'> | EventsOf<'request'> | EventsOf<'registry'> | 'host.drifted'
> = {
  'log.read': () => undefined,
  'log.read.ended': () => undefined,
  'log.bounded': () => undefined,
  'request.refused': () => undefined,
  'content.read': () => undefined,
  'content.detached': () => undefined,
  'registry.login': () => undefined,
  'registry.inspect': () => undefined,
  'log.seal.requested': () => undefined,
  'log.seal.succeeded': () => undefined,
  'log.seal.failed': () => undefined,
  'log.prune.requested': () => undefined,
  'log.prune.succeeded': () => undefined,
  'log.prune.failed': () => undefined,
  'engine.started': () => undefined,
  'engine.stopped': () => undefined,
  'host.drifted': () => undefined,
};

/** Who is erased is the vault's business: no record here says anything of a caller. */
const subjectEvolvers: Evolvers<EventsOf<'subject'>> = {
  'subject.erase.requested': () => undefined,
  'subject.erase.succeeded': () => undefined,
  'subject.erase.failed': () => undefined,
};

const EVOLVERS: Evolvers<EventType> = {
  ...containerEvolvers,
  ...execEvolvers,
  ...imageEvolvers,
  ...networkEvolvers,
  ...volumeEvolvers,
  ...pluginEvolvers,
  ...operationEvolvers,
  ...hostEvolvers,
  ...subjectEvolvers,
  ...SILENT,
};

/**
 * Folds one event into the state, in place. This alone is replay. Never throws: types it does not know (from a later
 * release) only move `seq`, and an outcome whose intent it has not seen changes nothing. Data of an older schema version is
 * read as {@link upcast} makes it; of data of a later one nothing is believed but that an outcome ends its operation. The
 * caller hands events in order of `seq`, each once.
 *
 * From the intent on: the container is busy, the operation is open, and names, addresses, ports, volumes and subnets are
 * taken. An outcome closes the operation; a failure gives back everything the intent took, except that a start which
 * ended `unknown` stays active: it may hold host resources, so it must be released. So must a container that was active
 * before a restart that failed.
 */
export function evolve(state: State, stored: ShiplogEvent): void {
  const event = upcast(stored);
  if (event === undefined) {
    if (stored.kind === 'outcome') closeOperation(state, stored);
    state.seq = stored.seq;
    return;
  }
  if (event.kind === 'intent') openOperation(state, event);
  apply(state, event);
  if (event.kind === 'outcome') closeOperation(state, event);
  state.seq = event.seq;
}

/** An intent opens an operation and an outcome closes it, whatever else they say or do not say. */
const OPENS_OR_CLOSES = /\.(requested|succeeded|failed)$/;

const UNHEEDED: ReadonlySet<string> = new Set([
  ...Object.keys(SILENT).filter((type) => !OPENS_OR_CLOSES.test(type)),
  'container.oom',
  'operation.authorized',
  'operation.step',
]);

/**
 * Types that change the state for good, less than half of a log: whoever folds from a store need read no others. Of `operation.step`
 * only those of operations that are open at the end count: fold them last, as far as they come after the last `host.rebooted`.
 */
export const FOLDED_TYPES: readonly string[] = Object.keys(EVOLVERS).filter((type) => !UNHEEDED.has(type));

/** A map, because the types of parsed events are strings that no property name is made of yet. */
const BY_TYPE: ReadonlyMap<string, (state: State, event: never) => void> = new Map(Object.entries(EVOLVERS));

function apply(state: State, event: ShiplogEvent): void {
  const evolver = BY_TYPE.get(event.type);
  // Each type's evolver takes events of that type.
  if (evolver !== undefined) evolver(state, event as never);
}
