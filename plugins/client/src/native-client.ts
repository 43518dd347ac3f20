import type {
  CommandAnswers,
  AuditRecord,
  ContainerRecord,
  EngineInfo,
  ErrorRecord,
  Explanation,
  ImageRecord,
  Json,
  LogBoundary,
  NetworkRecord,
  PluginInfo,
  PluginLine,
  Reloaded,
  ShiplogEvent,
  StateDiff,
  Verification,
  VolumeRecord,
} from '@shiplog/contracts';
import { ApiError } from './api-error.ts';
import type { Transport } from './transport.ts';
import { jsonLines } from './ndjson.ts';

const PREFIX = '/shiplog/v1';

/** What of an engine's objects can be asked for. */
export type ObjectKind = 'container' | 'image' | 'network' | 'volume';

/** The whole engine after the event at `seq`. */
export interface EngineState {
  readonly seq: number;
  readonly containers: readonly ContainerRecord[];
  readonly images: readonly ImageRecord[];
  readonly networks: readonly NetworkRecord[];
  readonly volumes: readonly VolumeRecord[];
}

/** One object after the event at `seq`; `removedAt` if it is no more (time in nanoseconds since the epoch, decimal). */
export type InspectedObject = {
  readonly seq: number;
  readonly removedAt?: { readonly seq: number; readonly time: string };
} & (
  | { readonly kind: 'container'; readonly record: ContainerRecord }
  | { readonly kind: 'image'; readonly record: ImageRecord }
  | { readonly kind: 'network'; readonly record: NetworkRecord }
  | { readonly kind: 'volume'; readonly record: VolumeRecord }
);

/** A plugin as it is listed. `disabledAt`: nanoseconds since the epoch, decimal. */
export interface InstalledPlugin extends PluginInfo {
  readonly enabled: boolean;
  readonly disabledAt?: string;
}

/** An object and why it is so. */
export type ExplainedObject = InspectedObject & Explanation;

/** Events read so far by a verification, of how many. */
export interface VerifyProgress {
  readonly checked: number;
  readonly total: number;
}

/** A log from where it begins. */
export interface History {
  readonly boundary: LogBoundary | undefined;
  readonly events: AsyncIterable<ShiplogEvent>;
}

/** Shiplog's own API. A moment is a position, a time, or a duration before now. Methods throw ApiError and UnreachableError. */
export class NativeClient {
  readonly #transport: Transport;

  constructor(transport: Transport) {
    this.#transport = transport;
  }

  async info(): Promise<EngineInfo & { readonly api: number; readonly durableSeq: number }> {
    return this.#transport.json({ method: 'GET', path: `${PREFIX}/info` });
  }

  async state(at?: string): Promise<EngineState> {
    return this.#transport.json({ method: 'GET', path: `${PREFIX}/state`, query: { at } });
  }

  async inspect(kind: ObjectKind | 'any', ref: string, at?: string): Promise<InspectedObject> {
    return this.#transport.json({ method: 'GET', path: `${PREFIX}/inspect/${kind}/${encodeURIComponent(ref)}`, query: { at } });
  }

  /** What differs between two moments; `to` is now if absent. */
  async diff(from: string, to?: string): Promise<StateDiff> {
    return this.#transport.json({ method: 'GET', path: `${PREFIX}/diff`, query: { from, to } });
  }

  /** Why an object is as it is, now or at a moment; also one that is gone. */
  async why(kind: ObjectKind | 'any', ref: string, at?: string): Promise<ExplainedObject> {
    return this.#transport.json({ method: 'GET', path: `${PREFIX}/why/${kind}/${encodeURIComponent(ref)}`, query: { at } });
  }

  /** Envelopes in order; with `follow` for ever, until `signal` aborts. */
  async events(
    query: {
      readonly from?: string;
      readonly to?: string;
      readonly follow?: boolean;
      readonly stream?: readonly string[];
      readonly type?: readonly string[];
      /** Callers as the log has them. */
      readonly sealed?: boolean;
    },
    signal?: AbortSignal,
  ): Promise<AsyncIterable<ShiplogEvent>> {
    const response = await this.#transport.send({ method: 'GET', path: `${PREFIX}/events`, query, signal });
    return checked(jsonLines<ShiplogEvent | { readonly error: ErrorRecord }>(response));
  }

  /** All events that are kept, and what goes before them where older ones were pruned: of one moment, also of a log that is pruned meanwhile. */
  async history(query: { readonly to?: string; readonly sealed?: boolean } = {}): Promise<History> {
    for (;;) {
      const boundary = await this.boundary();
      try {
        return { boundary, events: await this.events({ ...query, from: String(boundary?.first ?? 0) }) };
      } catch (error) {
        if (!(error instanceof ApiError) || error.code !== 'LOG_PRUNED') throw error;
      }
    }
  }

  /** Who did what: intents with their outcomes, in the order in which they ended. Values of one name are alternatives. */
  async audit(
    query: {
      readonly from?: string;
      readonly to?: string;
    } & { readonly [name in 'uid' | 'user' | 'subject' | 'verb' | 'object' | 'status' | 'via']?: readonly string[] },
    signal?: AbortSignal,
  ): Promise<AsyncIterable<AuditRecord>> {
    const response = await this.#transport.send({ method: 'GET', path: `${PREFIX}/audit`, query, signal });
    return checked(jsonLines<AuditRecord | { readonly error: ErrorRecord }>(response));
  }

  /** Destroys the key of one person, and answers the pseudonym. */
  async eraseSubject(subject: string): Promise<{ readonly subject: string }> {
    return this.#transport.json({ method: 'POST', path: `${PREFIX}/subjects/erase`, query: { subject } });
  }

  /** Moves events before a moment into archives; answers which. */
  async seal(before: string): Promise<CommandAnswers['log.seal']> {
    return this.#transport.json({ method: 'POST', path: `${PREFIX}/log/seal`, query: { before } });
  }

  /** Removes events before a moment for good, as far as whole archives go. `overtake`: also what somebody who follows has not been given. */
  async prune(before: string, { overtake = false }: { readonly overtake?: boolean } = {}): Promise<CommandAnswers['log.prune']> {
    return this.#transport.json({ method: 'POST', path: `${PREFIX}/log/prune`, query: { before, ...(overtake && { overtake: '1' }) } });
  }

  /** What stands for pruned events, to go before the others; undefined where nothing was pruned. */
  async boundary(): Promise<LogBoundary | undefined> {
    const answer = await this.#transport.json<LogBoundary | { readonly first: 0 }>({ method: 'GET', path: `${PREFIX}/log/boundary` });
    return answer.first === 0 ? undefined : (answer as LogBoundary);
  }

  /** The hash of the state at a moment; now without one. */
  async hash(at?: string): Promise<{ readonly seq: number; readonly hash: string }> {
    return this.#transport.json({ method: 'GET', path: `${PREFIX}/log/hash`, query: { at } });
  }

  /** All that are installed. */
  async plugins(): Promise<readonly InstalledPlugin[]> {
    return this.#transport.json({ method: 'GET', path: `${PREFIX}/plugins` });
  }

  async plugin(name: string): Promise<InstalledPlugin> {
    return this.#transport.json({ method: 'GET', path: `${PREFIX}/plugins/${encodeURIComponent(name)}` });
  }

  /** What it said of late, the oldest first. */
  async pluginLines(name: string): Promise<readonly PluginLine[]> {
    return this.#transport.json({ method: 'GET', path: `${PREFIX}/plugins/${encodeURIComponent(name)}/logs` });
  }

  async enablePlugin(name: string): Promise<{ readonly name: string }> {
    return this.#transport.json({ method: 'POST', path: `${PREFIX}/plugins/${encodeURIComponent(name)}/enable` });
  }

  async disablePlugin(name: string): Promise<{ readonly name: string }> {
    return this.#transport.json({ method: 'POST', path: `${PREFIX}/plugins/${encodeURIComponent(name)}/disable` });
  }

  /** Loads its code anew. */
  async reloadPlugin(name: string): Promise<Reloaded & { readonly name: string }> {
    return this.#transport.json({ method: 'POST', path: `${PREFIX}/plugins/${encodeURIComponent(name)}/reload` });
  }

  /** Takes an image to another storage driver. */
  async migrateImage(image: string, storageDriver: string): Promise<CommandAnswers['image.migrate']> {
    return this.#transport.json({
      method: 'POST',
      path: `${PREFIX}/images/${encodeURIComponent(image)}/migrate`,
      query: { storageDriver },
    });
  }

  /** Takes a container that does not run to another storage driver. */
  async migrateContainer(container: string, storageDriver: string): Promise<CommandAnswers['container.migrate']> {
    return this.#transport.json({
      method: 'POST',
      path: `${PREFIX}/containers/${encodeURIComponent(container)}/migrate`,
      query: { storageDriver },
    });
  }

  /** What a projection shows; `first` and `seq` are the first and the last event it has folded. */
  async view(
    name: string,
    query: { readonly [parameter: string]: string },
  ): Promise<{ readonly first: number; readonly seq: number; readonly view: Json }> {
    return this.#transport.json({ method: 'GET', path: `${PREFIX}/views/${encodeURIComponent(name)}`, query });
  }

  /** Checks the log; `incremental`: what came since it was last found whole. Damage is in the answer; it throws only when the check itself could not be done. */
  async verify(progress?: (progress: VerifyProgress) => void, incremental = false): Promise<Verification> {
    const query = incremental ? { incremental: '1' } : {};
    const response = await this.#transport.send({ method: 'GET', path: `${PREFIX}/log/verify`, query });
    type Line = VerifyProgress | Verification | { readonly error: ErrorRecord };
    for await (const line of checked(jsonLines<Line>(response))) {
      if ('head' in line) return line;
      progress?.(line);
    }
    throw new ApiError(500, 'the engine ended the answer before the verification was done', 'CANCELED');
  }
}

/** Passes documents on; one that is `{error}` is thrown: the status was sent long before. */
async function* checked<T extends object>(
  lines: AsyncIterable<T>,
): AsyncGenerator<Exclude<T, { readonly error: ErrorRecord }>, void, undefined> {
  for await (const line of lines) {
    if (isFailure(line)) throw ApiError.fromRecord(500, line.error);
    yield line as Exclude<T, { readonly error: ErrorRecord }>;
  }
}

function isFailure(line: object): line is { readonly error: ErrorRecord } {
  return 'error' in line && !('seq' in line);
}
