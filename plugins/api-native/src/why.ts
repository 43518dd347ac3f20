import { type CauseLink, type EventLogReader, type Relation, ShiplogError, type ShiplogEvent, type StreamName } from '@shiplog/contracts';
import type { InspectAnswer } from './inspect.ts';

/** Links of a chain. A longer one is of a container that was restarted again and again. */
const LONGEST = 24;
/** Changes of health that are told. */
const MOST_CHANGES = 8;
/** How many events of a container are looked through for what led to its end. */
const LOOKED_THROUGH = 512;
const DECISIVE =
  /^(container\.exited|(container\.(create|start|restart|pause|unpause|remove)|network\..+|volume\..+|image\..+)\.(succeeded|failed))$/;
const ENDING = new Set([
  'container.stop.requested',
  'container.restart.requested',
  'container.remove.requested',
  'container.kill.requested',
]);
const ASKED = new Set(['container.start.requested', 'container.restart.requested']);
const BEGINNING = new Set(['container.start.succeeded', 'container.restart.succeeded']);

/** From the event that made an object what it is back to the request, as far as the log knows; the first first. */
export async function whyIsIt(log: EventLogReader, { kind, record, seq, removedAt }: InspectAnswer): Promise<readonly CauseLink[]> {
  if (removedAt !== undefined) return chainFrom(log, await eventAt(log, removedAt.seq));
  // A release gives back what an exit left: it does not explain what the container is.
  if (kind === 'container' && record.busy !== undefined && record.busy.verb !== 'container.release') {
    const { op } = record.busy;
    const intent = await lastOf(streamEvents(log, `container/${record.id}`, seq), (event) => event.op === op && event.kind === 'intent');
    if (intent !== undefined) return chainFrom(log, intent);
  }
  return chainFrom(log, await lastOf(aboutObject(log, kind, record, seq), isDecisive));
}

/** From the event that brought an object into being back to the request; none where that was pruned. */
export async function howCameIt(log: EventLogReader, { kind, record, seq }: InspectAnswer): Promise<readonly CauseLink[]> {
  let first: ShiplogEvent | undefined;
  for await (const event of aboutObject(log, kind, record, seq)) {
    first ??= event;
    // Of its own stream, what was before is pruned.
    if (first.stream !== 'engine' && first.rev > 0 && log.firstSeq > 0) return [];
    if (isDecisive(event)) return chainFrom(log, event);
  }
  return [];
}

/** What probes changed since a container's last start: the last first, then that start. None of one that does not run. */
export async function howIsItsHealth(log: EventLogReader, { kind, record, seq, removedAt }: InspectAnswer): Promise<readonly CauseLink[]> {
  if (kind !== 'container' || record.process === undefined || removedAt !== undefined) return [];
  let start: ShiplogEvent | undefined;
  let changes: ShiplogEvent[] = [];
  for await (const event of streamEvents(log, `container/${record.id}`, seq)) {
    if (BEGINNING.has(event.type)) [start, changes] = [event, []];
    // In logs of 0.1.0 a probe that changed the failing streak alone is an event, too.
    if (event.type === 'container.health' && event.data.status !== event.data.was) changes.push(event);
  }
  const told = changes.slice(-MOST_CHANGES).toReversed();
  if (told.length === 0) return [];
  const links = told.map((event, index): CauseLink => ({ relation: index === 0 ? 'last' : 'after', event }));
  return start === undefined ? links : [...links, { relation: told.length < changes.length ? 'since' : 'after', event: start }];
}

function isDecisive(event: ShiplogEvent): boolean {
  return DECISIVE.test(event.type) && event.result?.status !== 'refused';
}

/** An object's own events up to `seq`; of what came with something else, the events that brought it. */
async function* aboutObject(
  log: EventLogReader,
  kind: InspectAnswer['kind'],
  record: InspectAnswer['record'],
  seq: number,
): AsyncGenerator<ShiplogEvent> {
  if (kind === 'image' && 'layers' in record) {
    for await (const event of log.read({
      to: seq,
      types: ['image.load.succeeded', 'image.import.succeeded', 'image.commit.succeeded', 'image.pull.succeeded'],
    })) {
      if ('images' in event.data && event.data.images.some(({ manifest }) => manifest.id === record.id)) yield event;
    }
  }
  const name = 'id' in record ? record.id : record.name;
  let own = 0;
  for await (const event of streamEvents(log, `${kind}/${name}` as StreamName, seq)) {
    own += 1;
    yield event;
  }
  if (kind !== 'volume' || own > 0) return;
  // Nobody asked for the volume: it came with the first container that mounts it.
  const creations = log.read({ to: seq, types: ['container.create.requested'] });
  for await (const event of creations) {
    if (event.type !== 'container.create.requested' || event.data.decided === null) continue;
    if (!event.data.decided.spec.mounts.some((mount) => mount.type === 'volume' && mount.source === name)) continue;
    const outcome = await lastOf(streamEvents(log, event.stream, seq), ({ op, kind: sort }) => op === event.op && sort === 'outcome');
    if (outcome?.type !== 'container.create.succeeded') continue;
    yield outcome;
    return;
  }
}

/** Those that are kept. */
function streamEvents(log: EventLogReader, stream: StreamName, to: number): AsyncIterable<ShiplogEvent> {
  return log.readStream(stream, undefined, to);
}

/** The events of a stream just before one of them, as far as they are looked through and kept. */
async function eventsBefore(log: EventLogReader, { rev, seq, stream }: ShiplogEvent): Promise<readonly ShiplogEvent[]> {
  try {
    return await gathered(log.readStream(stream, Math.max(0, rev - LOOKED_THROUGH), seq - 1));
  } catch (error) {
    if (!(error instanceof ShiplogError && error.code === 'LOG_PRUNED')) throw error;
    return gathered(log.readStream(stream, undefined, seq - 1));
  }
}

async function gathered(events: AsyncIterable<ShiplogEvent>): Promise<readonly ShiplogEvent[]> {
  const found: ShiplogEvent[] = [];
  for await (const event of events) found.push(event);
  return found;
}

async function chainFrom(log: EventLogReader, first: ShiplogEvent | undefined): Promise<readonly CauseLink[]> {
  const links: CauseLink[] = [];
  let next: CauseLink | undefined = first === undefined ? undefined : { relation: 'last', event: first };
  while (next !== undefined && links.length < LONGEST) {
    links.push(next);
    next = await before(log, next.event, first?.stream);
  }
  // A container that is restarted again and again: who began that is what is asked for.
  const start = next === undefined ? undefined : link('since', await lastAsked(log, next.event));
  return start === undefined ? links : [...links, start];
}

/** The last start of a container before an event that the engine did not ask for itself. */
async function lastAsked(log: EventLogReader, { stream, seq }: ShiplogEvent): Promise<ShiplogEvent | undefined> {
  return lastOf(
    streamEvents(log, stream, seq),
    ({ type, cause, actor }) => ASKED.has(type) && cause === undefined && actor.scheme !== 'system',
  );
}

/** `stream`: of what is explained. */
async function before(log: EventLogReader, event: ShiplogEvent, stream: StreamName | undefined): Promise<CauseLink | undefined> {
  const relation = event.kind === 'intent' ? 'caused' : 'asked';
  if (event.cause !== undefined) return link(relation, await eventAt(log, event.cause));
  if (event.kind === 'outcome') return link('asked', await intentOf(log, event));
  if (event.type === 'container.exited') return whatEnded(log, event);
  // What an engine finds, or starts, when it starts is as an earlier one left it.
  return event.type === 'engine.started' && stream !== undefined ? link('after', await lastRunBefore(log, stream, event.seq)) : undefined;
}

/** The intent of an outcome that was appended together with it. */
async function intentOf(log: EventLogReader, outcome: ShiplogEvent): Promise<ShiplogEvent | undefined> {
  return (await eventsBefore(log, outcome)).findLast((event) => event.op === outcome.op && event.kind === 'intent');
}

/** The last end of a container, or start where it had none since, before a position. */
async function lastRunBefore(log: EventLogReader, stream: StreamName, seq: number): Promise<ShiplogEvent | undefined> {
  return lastOf(streamEvents(log, stream, seq - 1), ({ type }) => type === 'container.exited' || BEGINNING.has(type));
}

/**
 * What was under way to end the process, or a signal that it died of; for an end that nobody saw, the start of the engine that found it; or else the
 * start after which it ended by itself.
 */
async function whatEnded(log: EventLogReader, exit: ShiplogEvent): Promise<CauseLink | undefined> {
  const { exitCode, source } = exit.type === 'container.exited' ? exit.data : { exitCode: -1, source: 'monitor' };
  const done = new Set<string>();
  for (const event of (await eventsBefore(log, exit)).toReversed()) {
    if (BEGINNING.has(event.type))
      return link('after', (source === 'recovery' ? await engineStartBefore(log, exit.seq) : undefined) ?? event);
    if (event.kind === 'outcome') done.add(event.op);
    if (ENDING.has(event.type) && !done.has(event.op)) return link('during', event);
    if (event.type === 'container.kill.requested' && event.data.decided !== null && exitCode === 128 + event.data.decided.signal)
      return link('after', event);
  }
  return undefined;
}

async function engineStartBefore(log: EventLogReader, seq: number): Promise<ShiplogEvent | undefined> {
  return lastOf(log.read({ to: seq, types: ['engine.started'] }), () => true);
}

async function eventAt(log: EventLogReader, seq: number): Promise<ShiplogEvent | undefined> {
  // The chain ends where the log begins.
  if (seq < log.firstSeq) return undefined;
  return lastOf(log.read({ from: seq, to: seq }), () => true);
}

async function lastOf(events: AsyncIterable<ShiplogEvent>, wanted: (event: ShiplogEvent) => boolean): Promise<ShiplogEvent | undefined> {
  let found: ShiplogEvent | undefined;
  for await (const event of events) if (wanted(event)) found = event;
  return found;
}

function link(relation: Relation, event: ShiplogEvent | undefined): CauseLink | undefined {
  return event === undefined ? undefined : { relation, event };
}
