import { type EventOf, type IntentData, type CommandType, type Result, type ShiplogEvent, ShiplogError } from '@shiplog/contracts';
import { beginningWith, isBoundary, Milestones, readRecording, type Recording, type Replayable } from '@shiplog/replay';

/** One recorded operation, and what has to be done again before it can be. */
export interface OperationScript {
  readonly op: string;
  readonly verb: string;
  /** How it ended, with the steps it took. */
  readonly result: Result;
  /** The commands it needs, and itself as the last one. */
  readonly recording: Recording;
  /** Drivers of the networks it is about; `host` and `none` only where there are no others. */
  readonly networkDrivers: ReadonlySet<string>;
}

/** An intent that was not refused. */
interface Decided {
  readonly seq: number;
  readonly op: string;
  readonly verb: string;
  readonly stream: string;
  readonly event: ShiplogEvent;
}

/**
 * Finds an operation by its id, or the beginning of it, and what it needs: commands that succeeded before it on the same container, on
 * those whose namespaces it joins, and on their images, networks and volumes. Throws REQUEST_INVALID where there is no such operation, or
 * it cannot be asked for again.
 */
export async function readOperation(log: Replayable, id: string): Promise<OperationScript> {
  const intents: Decided[] = [];
  const results = new Map<string, Result>();
  const milestones = new Milestones();
  const reached: { readonly milestone: string; readonly seq: number; readonly stream: string; readonly op: string }[] = [];
  const recording = await readRecording(
    (async function* () {
      for await (const event of log) {
        if (isBoundary(event)) {
          yield event;
          continue;
        }
        const milestone = milestones.add(event);
        if (milestone !== undefined) reached.push({ milestone, seq: event.seq, stream: event.stream, op: event.op });
        if (event.kind === 'intent' && (event.data as IntentData<CommandType>).decided !== null)
          intents.push({ seq: event.seq, op: event.op, verb: event.type.replace(/\.requested$/, ''), stream: event.stream, event });
        if (event.kind === 'outcome' && event.result !== undefined) results.set(event.op, event.result);
        yield event;
      }
    })(),
  );
  const target = findTarget(recording, intents, id);
  const result = results.get(target.op);
  if (result === undefined || result.status === 'unknown')
    throw invalid(`operation ${target.op} came to no end that is known: there is nothing to compare with`);
  if (target.verb === 'image.push') throw invalid('a push is not done again: it would reach a registry');
  refuseBeforeBeginning(recording, target);
  const { streams, images } = needsOf(target, intents, recording);
  const isWanted = ({ seq, op, verb, stream }: Decided): boolean => {
    if (op === target.op) return true;
    // What was copied into a container is not in the log; the others are done again without it. Reads change nothing.
    if (
      verb === 'container.extract' ||
      verb === 'container.stat' ||
      verb === 'container.archive' ||
      verb === 'container.export' ||
      verb === 'image.push'
    )
      return false;
    if (seq > target.seq || results.get(op)?.status !== 'ok') return false;
    if (verb === 'image.load' || verb === 'image.import' || verb === 'image.commit' || verb === 'image.pull')
      return (recording.archives.get(op) ?? []).some(({ manifest }) => images.has(manifest.id));
    return streams.has(stream);
  };
  const wanted = new Set(intents.filter(isWanted).map(({ op }) => op));
  const commands = recording.commands
    .filter(({ op }) => wanted.has(op))
    .map((command) => ({
      ...command,
      // Everything of theirs that had ended: what is left out in between may have been what ordered them.
      after: reached
        .filter(({ seq, op, stream }) => seq < command.seq && (wanted.has(op) || streams.has(stream)))
        .map(({ milestone }) => ({ milestone, at: command.at })),
    }));
  return {
    op: target.op,
    verb: target.verb,
    result,
    recording: { ...beginningWith(recording, streams), commands, outcomes: new Map() },
    networkDrivers: networkDriversOf(intents, streams, recording),
  };
}

function findTarget({ commands }: Recording, intents: readonly Decided[], id: string): Decided {
  const found = intents.filter(({ op }) => op.startsWith(id));
  const target = found.find(({ op }) => op === id) ?? found[0];
  if (id === '' || target === undefined)
    throw invalid(`the log has no operation ${id} that was carried out; \`shiplog audit\` and \`shiplog events --format json\` show ids`);
  if (found.length > 1 && target.op !== id) throw invalid(`${found.length} operations begin with ${id}; give more characters`);
  if (!commands.some(({ op }) => op === target.op))
    throw invalid(`operation ${target.op} was the engine's own (${target.verb}); name one that somebody asked for`);
  return target;
}

/** Throws LOG_PRUNED for an operation on a container that was made before the log begins: what it was made with nobody asks for again. */
function refuseBeforeBeginning({ start }: Recording, { op, verb, stream }: Decided): void {
  if (!start.containers.has(stream.slice(stream.indexOf('/') + 1))) return;
  const first = start.seq + 1;
  const message = `${verb} ${op} is about a container that was made before event ${first}, where the log begins; take an export from before`;
  throw new ShiplogError('LOG_PRUNED', message, { first });
}

/** Streams whose commands have to be done again, and the images that have to be there. */
function needsOf(target: Decided, intents: readonly Decided[], { start }: Recording) {
  const streams = new Set<string>();
  const images = new Set<string>();
  const addContainer = (reference: string): void => {
    const created = intents.findLast(({ event }) => isCreated(event, reference))?.event;
    if (created?.type !== 'container.create.requested' || created.data.decided === null || streams.has(created.stream)) return;
    streams.add(created.stream);
    const { imageId, spec } = created.data.decided;
    addImage(imageId);
    for (const mount of spec.mounts) if (mount.type === 'volume') streams.add(`volume/${mount.source}`);
    for (const mode of [spec.networkMode, spec.ipcMode, spec.pidMode])
      if (mode.startsWith('container:')) addContainer(mode.slice('container:'.length));
    const networks = [spec.networkMode === 'default' ? 'bridge' : spec.networkMode, ...Object.keys(spec.endpoints)];
    for (const network of networks) addNetwork(network);
    // Those that it joined later.
    for (const { event, stream } of intents)
      if (stream === created.stream && event.type === 'network.connect.requested' && event.data.decided !== null)
        streams.add(`network/${event.data.decided.networkId}`);
  };
  const addImage = (image: string): void => {
    images.add(image);
    streams.add(`image/${image}`);
  };
  const addNetwork = (reference: string): void => {
    for (const { id, name } of start.networks.values()) if (name === reference || id.startsWith(reference)) streams.add(`network/${id}`);
    for (const { event } of intents)
      if (event.type === 'network.create.requested' && event.data.decided !== null) {
        const { id, name } = event.data.decided;
        if (name === reference || id.startsWith(reference)) streams.add(`network/${id}`);
      }
  };
  const { event, stream } = target;
  const about = stream.slice(stream.indexOf('/') + 1);
  if (stream.startsWith('container/')) addContainer(about);
  else if (stream.startsWith('image/')) addImage(about);
  else if (stream !== 'engine') streams.add(stream);
  if (event.type === 'container.prune.requested') for (const id of event.data.decided?.ids ?? []) addContainer(id);
  if (event.type === 'image.prune.requested') for (const { id } of event.data.decided?.removals ?? []) addImage(id);
  if (event.type === 'network.prune.requested') for (const { id } of event.data.decided?.networks ?? []) streams.add(`network/${id}`);
  if (event.type === 'volume.prune.requested') for (const name of event.data.decided?.names ?? []) streams.add(`volume/${name}`);
  return { streams, images };
}

function isCreated(event: ShiplogEvent, reference: string): event is EventOf<'container.create.requested'> {
  if (event.type !== 'container.create.requested' || event.data.decided === null) return false;
  const { id, name } = event.data.decided;
  return name === reference || id.startsWith(reference);
}

function networkDriversOf(intents: readonly Decided[], streams: ReadonlySet<string>, { start }: Recording): ReadonlySet<string> {
  const drivers = new Set<string>();
  for (const { id, driver } of start.networks.values()) if (streams.has(`network/${id}`)) drivers.add(driver);
  for (const { event, stream } of intents)
    if (event.type === 'network.create.requested' && event.data.decided !== null && streams.has(stream))
      drivers.add(event.data.decided.driver);
  const wired = [...drivers].filter((driver) => driver !== 'host' && driver !== 'none');
  return wired.length === 0 ? drivers : new Set(wired);
}

function invalid(message: string): ShiplogError {
  return new ShiplogError('REQUEST_INVALID', message);
}
