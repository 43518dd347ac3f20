import { join } from 'node:path';
import { type Api, type ApiHandler, type Engine, ShiplogError } from '@shiplog/contracts';
import {
  collectRemains,
  type DriverHome,
  type DriverOptions,
  HOME,
  inject,
  injectable,
  type Logger,
  LOGGER,
  OPTIONS,
  signingKey,
} from '@shiplog/driver-kit';
import { formatVerifierKey, noteSigner, verifierKey, verifierOf } from '@shiplog/tlog';
import { Publisher } from './publisher.ts';
import { Readers } from './readers.ts';
import { TlogHandler, type TlogParts } from './tlog-handler.ts';
import { parseWitnesses, WitnessClient } from './witness-client.ts';

/**
 * Shows the engine's log to the world, under `/shiplog/tlog/` on every socket, and signs it: every `every-seconds` (60) in which it grew,
 * after every `every-events` (1000), when somebody asks, and when the engine stops. Option `witness`: `URL=VKEY` of those that are
 * asked to cosign, apart by spaces.
 *
 * Checkpoints are not events: one that were would change the tree that it signs.
 */
@injectable()
export class TlogApi implements Api, AsyncDisposable {
  readonly #home: DriverHome;
  readonly #options: DriverOptions;
  readonly #logger: Logger;
  #publisher: Promise<Publisher> | undefined;

  /** Throws CONFIG_INVALID for options that cannot be used. */
  constructor(@inject(HOME) home: DriverHome, @inject(OPTIONS) options: DriverOptions, @inject(LOGGER) logger: Logger) {
    this.#home = home;
    this.#options = options;
    this.#logger = logger;
    readOptions(options);
  }

  handler(engine: Engine): ApiHandler {
    const parts = this.#make(engine);
    this.#publisher = parts.then(({ publisher }) => publisher);
    // Told to whoever asks: an engine whose key cannot be read still runs containers.
    this.#publisher.catch((error: unknown) => this.#logger.error('no checkpoints can be signed', { reason: String(error) }));
    return new TlogHandler(parts);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const publisher = await this.#publisher?.catch(() => undefined);
    await publisher?.stop();
  }

  async #make(engine: Engine): Promise<TlogParts> {
    const { stateDir, engineId } = this.#home;
    const origin = `shiplog/${engineId}`;
    await collectRemains(stateDir);
    const privateKey = await signingKey(join(stateDir, 'key.pem'));
    const key = verifierKey('note', origin, privateKey);
    const { witnesses, everyEvents, everySeconds } = readOptions(this.#options);
    const publisher = new Publisher({
      origin,
      log: engine.log,
      signer: noteSigner(origin, privateKey),
      verifier: verifierOf(key),
      path: join(stateDir, 'checkpoint'),
      witnesses: witnesses.map((witness) => new WitnessClient(witness)),
      logger: this.#logger,
      everyEvents,
      everyMs: everySeconds * 1000,
    });
    publisher.start();
    const readers = new Readers(engine, this.#logger);
    return { vkey: formatVerifierKey(key), log: engine.log, publisher, readers };
  }
}

function readOptions(options: DriverOptions): {
  readonly witnesses: ReturnType<typeof parseWitnesses>;
  readonly everyEvents: number;
  readonly everySeconds: number;
} {
  const known = ['witness', 'every-events', 'every-seconds'];
  for (const name of Object.keys(options))
    if (!known.includes(name)) throw new ShiplogError('CONFIG_INVALID', `api/tlog has no option "${name}"; it has ${known.join(', ')}`);
  const positive = (name: string, fallback: number): number => {
    const value = Number(options[name] ?? fallback);
    if (Number.isSafeInteger(value) && value > 0) return value;
    throw new ShiplogError('CONFIG_INVALID', `${name} of api/tlog is a whole number from 1 on, not "${options[name]}"`);
  };
  return {
    witnesses: parseWitnesses(options.witness ?? ''),
    everyEvents: positive('every-events', 1000),
    everySeconds: positive('every-seconds', 60),
  };
}
