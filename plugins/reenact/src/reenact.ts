import { type CommandArgs, type LoadedImage, type ShiplogEvent, ShiplogError } from '@shiplog/contracts';
import {
  type End,
  Ends,
  type OtherEnd,
  Performer,
  type RecordedCommand,
  type Recording,
  Summary,
  type VerbSummary,
  withPrelude,
} from '@shiplog/replay';
import { type Disk, DiskMeter } from './disk-meter.ts';
import { ImageBlobs } from './image-archive.ts';
import { type PrivateEngine, privateEngine, type PrivateEngineOptions } from './private-engine.ts';
import type { PrivateNetworks } from './private-networks.ts';
import { aboutTheLog, reachesOut } from './withhold.ts';

export interface ReenactOptions extends PrivateEngineOptions {
  /** How much faster than recorded commands come; Infinity: as soon as what they came after has ended. */
  readonly speed: number;
  /** Root of an engine that has the images. */
  readonly images?: string;
  /** Also ask for what reaches out of the private root. */
  readonly trusted?: boolean;
  readonly progress?: (done: number, total: number) => void;
  /** Ends it before its end, with CANCELED. */
  readonly signal?: AbortSignal;
}

/** A command that was not asked. */
export interface Withheld {
  readonly seq: number;
  readonly verb: string;
  readonly why: string;
}

/** What a re-enactment came to. */
export interface Reenacted {
  readonly storageDriver: string;
  readonly events: readonly ShiplogEvent[];
  readonly verbs: readonly VerbSummary[];
  readonly others: readonly OtherEnd[];
  /** How each command from outside ended, by its position in the recorded log; negative for what made what was there at its beginning. */
  readonly ends: ReadonlyMap<number, End>;
  readonly withheld: readonly Withheld[];
  /** From the first command to the last answer, milliseconds. */
  readonly spanMs: number;
  readonly disk: Disk;
  /** Commands that came although something had not happened that they had come after. */
  readonly released: number;
}

/** How long nothing happens, beyond what was waited for the first time, before the next command is let go. */
const PATIENCE_MS = 10_000;
const LOOK_MS = 200;

/**
 * Asks a private engine with real drivers for the recorded commands again. Nothing of it stays, also after a failure. Throws
 * NOT_ROOT, CANCELED, PATH_NOT_FOUND where no images are, and what keeps the engine from starting.
 */
export async function reenact(recording: Recording, options: ReenactOptions): Promise<Reenacted> {
  const blobs = options.images === undefined ? undefined : await ImageBlobs.at(options.images);
  const engine = await privateEngine(recording, options);
  try {
    return await perform(withPrelude(recording), options, engine, blobs);
  } finally {
    await engine.end();
  }
}

async function perform(
  recording: Recording,
  options: ReenactOptions,
  { host: { engine, drivers }, networks }: PrivateEngine,
  blobs: ImageBlobs | undefined,
): Promise<Reenacted> {
  const { storageDriver } = engine.defaults;
  const { asked, withheld, bodies } = await choose(recording, options, networks, blobs);
  const ends = new Ends(recording);
  const summary = new Summary();
  const events: ShiplogEvent[] = [];
  const leaving = new AbortController();
  const meter = new DiskMeter(drivers.get('storage', storageDriver), leaving.signal);
  let heard = performance.now();
  const performer = new Performer(asked, {
    engine,
    clock: { ms: () => performance.now(), after: (ms, run) => void setTimeout(run, Math.max(0, Math.min(ms, 2 ** 31 - 1))) },
    speed: options.speed,
    streams: (command) => {
      const body = bodies(command);
      return body === undefined ? {} : { body };
    },
    ended: () => options.progress?.(asked.length - performer.left, asked.length),
  });
  const listening = (async () => {
    for await (const event of engine.log.follow({ from: 0, signal: leaving.signal })) {
      heard = performance.now();
      events.push(event);
      const reached = ends.add(event);
      summary.add(event, { cutOff: ends.wasCutOff(event) });
      await meter.add(event);
      if (reached !== undefined) performer.reached(reached);
    }
  })();
  const began = performance.now();
  let spanMs = 0;
  const look = async (): Promise<void> => {
    const next = performer.nextBlocked;
    const silent = performance.now() - heard;
    if (performer.underWay > 0 || next === undefined || silent < 2 * LOOK_MS) return;
    const { openOperations, containers } = await engine.view();
    const alive = openOperations.size > 0 || [...containers.values()].some(({ process }) => process !== undefined);
    // Where nothing runs, nothing happens by itself.
    if (!alive || silent > PATIENCE_MS + next.waitedMs) performer.release();
  };
  // A view fails when the log has failed, and then the commands do, too.
  const watch = setInterval(() => void look().catch(() => undefined), LOOK_MS);
  const { canceled, forget } = cancellation(options.signal);
  try {
    await Promise.race([performer.done, canceled]);
    spanMs = performance.now() - began;
    await Promise.race([settled(engine), canceled]);
  } finally {
    forget();
    // What is under way would make things behind the back of whoever removes all.
    await performer.stop();
    clearInterval(watch);
    leaving.abort();
    await listening;
  }
  const unasked = new Set(withheld.map(({ seq }) => seq));
  return {
    storageDriver,
    events,
    verbs: summary.verbs(),
    others: ends.others().filter(({ seq }) => seq === undefined || !unasked.has(seq)),
    ends: ends.bySeq(),
    withheld,
    spanMs,
    disk: meter.disk,
    released: performer.released,
  };
}

/** Rejects with CANCELED when the signal aborts. */
function cancellation(signal: AbortSignal | undefined): { readonly canceled: Promise<never>; readonly forget: () => void } {
  const { promise: canceled, reject } = Promise.withResolvers<never>();
  const cancel = (): void => reject(new ShiplogError('CANCELED', 'the re-enactment was canceled'));
  // Nobody may be waiting when it comes.
  canceled.catch(() => undefined);
  if (signal?.aborted === true) cancel();
  signal?.addEventListener('abort', cancel, { once: true });
  return { canceled, forget: () => signal?.removeEventListener('abort', cancel) };
}

/** Reactions to what was asked last have come to their end. */
async function settled(engine: {
  view(): Promise<{ readonly seq: number; readonly openOperations: ReadonlyMap<string, unknown> }>;
}): Promise<void> {
  for (let last = -1; ;) {
    const { seq, openOperations } = await engine.view();
    if (openOperations.size === 0 && seq === last) return;
    last = seq;
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  }
}

/** Which commands are asked, and what travels beside them. */
async function choose(recording: Recording, { trusted = false }: ReenactOptions, networks: PrivateNetworks, blobs: ImageBlobs | undefined) {
  const withheld: Withheld[] = [];
  const asked: RecordedCommand[] = [];
  for (const command of recording.commands) {
    const why = aboutTheLog(command) ?? (trusted ? undefined : reachesOut(command)) ?? (await whyNoArchive(recording, command, blobs));
    // Ports are those of then only if somebody asked for them.
    const { op, ids } = command.given;
    const again = networks.own(command);
    const stored = command.verb === 'image.commit' && (await areStored(recording.archives.get(command.op), blobs));
    if (why === undefined)
      asked.push({
        ...(stored || command.verb === 'image.pull' ? asLoad(again) : again),
        given: { ids, ...(op === undefined ? {} : { op }) },
      });
    else withheld.push({ seq: command.seq, verb: command.verb, why });
  }
  const seqs = new Set(withheld.map(({ seq }) => seq));
  const gone = new Map(recording.commands.filter(({ seq }) => seqs.has(seq)).map((command) => [`op ${command.op}`, command]));
  const bodies = ({ op, verb }: RecordedCommand): AsyncIterable<Uint8Array> | undefined => {
    const held = recording.archives.get(op);
    const [first] = held ?? [];
    if (verb === 'image.load') return blobs === undefined || held === undefined ? nothing() : blobs.archive(held);
    if (verb === 'image.import') return blobs === undefined || first === undefined ? nothing() : blobs.rootfs(first);
    return undefined;
  };
  // Nobody waits for what is not asked, but for what that came after.
  const waitsFor = (after: RecordedCommand['after']): RecordedCommand['after'] =>
    after.flatMap((one) => {
      const withheldOne = gone.get(one.milestone);
      return withheldOne === undefined ? [one] : waitsFor(withheldOne.after);
    });
  const waiting = asked.map((command) => ({ ...command, after: waitsFor(command.after) }));
  return { asked: waiting, withheld, bodies };
}

async function whyNoArchive(
  recording: Recording,
  { op, verb }: RecordedCommand,
  blobs: ImageBlobs | undefined,
): Promise<string | undefined> {
  if (verb === 'image.push') return 'it would reach a registry';
  if (verb === 'container.extract') return 'its archive is not in the log';
  // What it made is made again by the commands that it caused.
  if (verb === 'image.build') return 'its context is not in the log';
  if (verb !== 'image.load' && verb !== 'image.import' && verb !== 'image.pull') return undefined;
  const loaded: readonly LoadedImage[] | undefined = recording.archives.get(op);
  // One that failed, or was refused, may fail again with nothing in it.
  if (loaded === undefined) return verb === 'image.pull' ? 'no image source had it, and none is asked again' : undefined;
  if (blobs === undefined) return 'its archive is not in the log, and no root with images was given';
  const missing = await blobs.missing(loaded);
  return missing.length === 0 ? undefined : `blobs are missing: ${missing.join(', ')}`;
}

/** Whether an image that was made can be had as it was: one that is made anew has another id, by which later commands may not ask for it. */
async function areStored(images: readonly LoadedImage[] | undefined, blobs: ImageBlobs | undefined): Promise<boolean> {
  return images !== undefined && blobs !== undefined && (await blobs.missing(images)).length === 0;
}

/** A pull, or a commit, as a load of what it brought: a private engine asks no source. */
function asLoad(command: RecordedCommand): RecordedCommand {
  const { storageDriver } = command.args as Partial<CommandArgs['image.pull']>;
  const args: CommandArgs['image.load'] = { quiet: true, ...(storageDriver === undefined ? {} : { storageDriver }) };
  return { ...command, verb: 'image.load', args };
}

async function* nothing(): AsyncGenerator<Uint8Array> {}
