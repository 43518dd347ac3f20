import { createState, type State } from '@shiplog/model';
import type { Caller, CommandArgs, CommandType, ImageRecord, LoadedImage, NetworkRecord } from '@shiplog/contracts';
import type { RecordedCommand, Recording } from './recording.ts';

const CALLER: Caller = { actor: { scheme: 'system', reason: 'beginning' } };

/**
 * The same script, and before it commands that make what was there when it begins: images, networks, volumes and containers, those that ran
 * started. Their positions are negative. Nobody knows what containers had written. A script that begins with nothing is answered as it is.
 */
export function withPrelude(recording: Recording): Recording {
  const { start } = recording;
  if (start.seq < 0) return recording;
  const prelude = new Prelude(recording.defaults.storageDriver);
  prelude.make(start);
  const [last] = prelude.commands.slice(-1);
  if (last === undefined) return recording;
  const behind = [{ milestone: `op ${last.op}`, at: 0 }];
  const commands = recording.commands.map((command) => (command.after.length > 0 ? command : { ...command, after: behind }));
  const outcomes = new Map(recording.outcomes);
  for (const { op } of prelude.commands) outcomes.set(`op ${op}`, { status: 'ok', at: 0, steps: {}, cutOff: false });
  return {
    ...recording,
    commands: [...prelude.commands, ...commands],
    outcomes,
    archives: new Map([...recording.archives, ...prelude.archives]),
  };
}

/** The same script, beginning with a part alone of the images, networks and volumes that were there: those whose streams are wanted, and what is predefined. */
export function beginningWith(recording: Recording, wanted: ReadonlySet<string>): Recording {
  const { seq, images, networks, volumes } = recording.start;
  const start = createState();
  start.seq = seq;
  for (const [id, image] of images) if (wanted.has(`image/${id}`)) start.images.set(id, image);
  for (const [id, network] of networks) if (network.predefined || wanted.has(`network/${id}`)) start.networks.set(id, network);
  for (const [name, volume] of volumes) if (wanted.has(`volume/${name}`)) start.volumes.set(name, volume);
  return { ...recording, start };
}

/** One command after the other. */
class Prelude {
  readonly commands: RecordedCommand[] = [];
  readonly archives = new Map<string, readonly LoadedImage[]>();
  readonly #storageDriver: string;

  constructor(storageDriver: string) {
    this.#storageDriver = storageDriver;
  }

  make({ images, networks, volumes, containers }: State): void {
    for (const image of images.values()) this.#load(image);
    for (const network of networks.values()) if (!network.predefined) this.#connectable(network);
    // Those without a name of their own come with their containers.
    for (const { name, driver, options, labels, anonymous } of volumes.values())
      if (!anonymous) this.#add('volume.create', { name, driver, options, labels });
    for (const { id, name, spec, imageId } of containers.values())
      this.#add('container.create', { name, spec: { ...spec, image: imageId } }, [id]);
    for (const { id, process, status } of containers.values()) {
      if (process !== undefined) this.#add('container.start', { container: id });
      if (status === 'paused') this.#add('container.pause', { container: id });
    }
  }

  /** The whole record is a manifest as well. */
  #load(manifest: ImageRecord): void {
    const { tags, storageDriver } = manifest;
    const elsewhere = storageDriver !== '' && storageDriver !== this.#storageDriver ? { storageDriver } : {};
    this.archives.set(this.#add('image.load', { quiet: true, ...elsewhere }), [{ manifest, tags }]);
  }

  /** Whether somebody had asked for a bridge's subnet nobody knows: it gets another, beside that of the engine that was recorded. */
  #connectable({ id, name, driver, subnet, internal, options, labels }: NetworkRecord): void {
    const asked = driver === 'bridge' || subnet === '' ? {} : { subnet };
    this.#add('network.create', { name, driver, internal, options, labels, ...asked }, [id]);
  }

  #add<T extends CommandType>(verb: T, args: CommandArgs[T], ids: readonly string[] = []): string {
    const number = this.commands.length + 1;
    const before = this.commands.at(-1);
    const op = `beginning-${number}`;
    const after = before === undefined ? [] : [{ milestone: `op ${before.op}`, at: 0 }];
    this.commands.push({ seq: -number, op, verb, args, given: { op, ids }, caller: CALLER, at: 0, after });
    return op;
  }
}
