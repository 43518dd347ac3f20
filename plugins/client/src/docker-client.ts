import type { Readable } from 'node:stream';
import { ApiError } from './api-error.ts';
import { type Transport, type Hijacked, textOf } from './transport.ts';
import { type Output, outputOf } from './demultiplexer.ts';
import type {
  BuildQuery,
  ContainerDetails,
  ContainerStats,
  ContainerSummary,
  CreateRequest,
  DiskUsage,
  DockerEvent,
  DockerInfo,
  ExecRequest,
  Filters,
  ImageHistoryEntry,
  ImageSummary,
  NetworkRequest,
  NetworkSummary,
  PathStat,
  ProgressLine,
  PruneAnswer,
  UpdateRequest,
  VersionAnswer,
  VolumeSummary,
} from './docker-types.ts';
import { jsonLines } from './ndjson.ts';
import { compareVersions, type Ping, VersionedTransport } from './versioned-transport.ts';

/**
 * Docker's Engine API. Every method is one route; names of containers, images and networks go as they are given. The API
 * version is agreed on the first call. Methods throw ApiError and UnreachableError.
 */
export class DockerClient {
  readonly #api: VersionedTransport;

  constructor(transport: Transport) {
    this.#api = new VersionedTransport(transport);
  }

  /** Agrees on a version, once. Throws ApiError when the engine is too old. */
  ping(): Promise<Ping> {
    return this.#api.ping();
  }

  async version(): Promise<VersionAnswer> {
    return this.#api.json('GET', '/version');
  }

  /** What is on disk, measured now: large trees take their time. */
  async diskUsage(signal?: AbortSignal): Promise<DiskUsage> {
    return this.#api.json('GET', '/system/df', { signal });
  }

  async info(at?: string): Promise<DockerInfo> {
    return this.#api.json('GET', '/info', { query: { at } });
  }

  async listContainers(query: {
    readonly all?: boolean;
    readonly limit?: number;
    readonly size?: boolean;
    readonly filters?: Filters;
    readonly at?: string | undefined;
  }): Promise<readonly ContainerSummary[]> {
    return this.#api.json('GET', '/containers/json', { query: { ...query, filters: filtersText(query.filters) } });
  }

  async createContainer(
    body: CreateRequest,
    query: { readonly name?: string; readonly platform?: string } = {},
  ): Promise<{ readonly Id: string; readonly Warnings: readonly string[] | null }> {
    return this.#api.json('POST', '/containers/create', { query, json: body });
  }

  async inspectContainer(id: string, query: { readonly size?: boolean; readonly at?: string | undefined } = {}): Promise<ContainerDetails> {
    return this.#api.json('GET', container(id, 'json'), { query });
  }

  /** False when it ran already. */
  async startContainer(id: string): Promise<boolean> {
    return (await this.#api.done('POST', container(id, 'start'))) !== 304;
  }

  /** False when it had stopped already. `t` is seconds, -1 for ever. */
  async stopContainer(id: string, query: { readonly t?: number; readonly signal?: string } = {}): Promise<boolean> {
    return (await this.#api.done('POST', container(id, 'stop'), { query })) !== 304;
  }

  async restartContainer(id: string, query: { readonly t?: number; readonly signal?: string } = {}): Promise<void> {
    await this.#api.done('POST', container(id, 'restart'), { query });
  }

  async killContainer(id: string, signal?: string): Promise<void> {
    await this.#api.done('POST', container(id, 'kill'), { query: { signal } });
  }

  async pauseContainer(id: string): Promise<void> {
    await this.#api.done('POST', container(id, 'pause'));
  }

  async unpauseContainer(id: string): Promise<void> {
    await this.#api.done('POST', container(id, 'unpause'));
  }

  async renameContainer(id: string, name: string): Promise<void> {
    await this.#api.done('POST', container(id, 'rename'), { query: { name } });
  }

  /** Changes limits and restart policy at once; of a container that does not run, for its next start. */
  async updateContainer(id: string, body: UpdateRequest): Promise<{ readonly Warnings: readonly string[] | null }> {
    return this.#api.json('POST', container(id, 'update'), { json: body });
  }

  /** What a container uses, with a sample of a second before. */
  async stats(id: string): Promise<ContainerStats> {
    return this.#api.json('GET', container(id, 'stats'), { query: { stream: false } });
  }

  /** The same every second, until the container is removed or `signal` aborts. */
  async statsStream(id: string, signal?: AbortSignal): Promise<AsyncIterable<ContainerStats>> {
    return jsonLines(await this.#api.send('GET', container(id, 'stats'), { query: { stream: true }, signal }));
  }

  async removeContainer(id: string, query: { readonly force?: boolean; readonly v?: boolean } = {}): Promise<void> {
    await this.#api.done('DELETE', container(id), { query });
  }

  async resizeContainer(id: string, rows: number, columns: number): Promise<void> {
    await this.#api.done('POST', container(id, 'resize'), { query: { h: rows, w: columns } });
  }

  /** How its files differ from its image: 0 is changed, 1 added, 2 deleted. */
  async changes(id: string): Promise<readonly { readonly Path: string; readonly Kind: number }[]> {
    return this.#api.json('GET', container(id, 'changes'));
  }

  async top(
    id: string,
    psArgs?: string,
  ): Promise<{ readonly Titles: readonly string[]; readonly Processes: readonly (readonly string[])[] }> {
    return this.#api.json('GET', container(id, 'top'), { query: { ps_args: psArgs } });
  }

  /** Resolves once the engine waits; `exit` resolves when the condition holds. */
  async wait(
    id: string,
    condition: 'not-running' | 'next-exit' | 'removed' = 'not-running',
    signal?: AbortSignal,
  ): Promise<{ readonly exit: Promise<{ readonly StatusCode: number; readonly Error?: { readonly Message: string } | null }> }> {
    const response = await this.#api.send('POST', container(id, 'wait'), { query: { condition }, signal });
    const exit = textOf(response).then(
      (text) => JSON.parse(text) as { readonly StatusCode: number; readonly Error?: { readonly Message: string } | null },
    );
    // The caller may look at it later, or never: a lost connection must not end the program before.
    exit.catch(() => undefined);
    return { exit };
  }

  async attach(
    id: string,
    query: {
      readonly stream?: boolean;
      readonly logs?: boolean;
      readonly stdin?: boolean;
      readonly stdout?: boolean;
      readonly stderr?: boolean;
      readonly detachKeys?: string | undefined;
    },
  ): Promise<Hijacked> {
    return this.#api.hijack(container(id, 'attach'), { query });
  }

  /** Output as it was logged, then as it comes where `follow`. `tty`: whether the container has a terminal, so that nothing is framed. */
  async logs(
    id: string,
    query: {
      readonly stdout: boolean;
      readonly stderr: boolean;
      readonly follow?: boolean;
      readonly timestamps?: boolean;
      readonly details?: boolean;
      readonly tail?: string;
      readonly since?: string;
      readonly until?: string;
    },
    tty: boolean,
    signal?: AbortSignal,
  ): Promise<AsyncIterable<Output>> {
    return outputOf(await this.#api.send('GET', container(id, 'logs'), { query, signal }), !tty);
  }

  async createExec(id: string, body: ExecRequest): Promise<{ readonly Id: string }> {
    return this.#api.json('POST', container(id, 'exec'), { json: body });
  }

  async startExec(exec: string, body: { readonly Tty: boolean; readonly ConsoleSize?: [number, number] }): Promise<Hijacked> {
    return this.#api.hijack(`/exec/${exec}/start`, { json: { Detach: false, ...body } });
  }

  async startExecDetached(exec: string, tty: boolean): Promise<void> {
    await this.#api.done('POST', `/exec/${exec}/start`, { json: { Detach: true, Tty: tty } });
  }

  async resizeExec(exec: string, rows: number, columns: number): Promise<void> {
    await this.#api.done('POST', `/exec/${exec}/resize`, { query: { h: rows, w: columns } });
  }

  async inspectExec(exec: string): Promise<{ readonly Running: boolean; readonly ExitCode: number | null }> {
    return this.#api.json('GET', `/exec/${exec}/json`);
  }

  async listImages(
    query: { readonly all?: boolean; readonly digests?: boolean; readonly filters?: Filters; readonly at?: string | undefined } = {},
  ): Promise<readonly ImageSummary[]> {
    return this.#api.json('GET', '/images/json', { query: { ...query, filters: filtersText(query.filters) } });
  }

  async inspectImage(name: string, at?: string): Promise<{ readonly [field: string]: unknown }> {
    return this.#api.json('GET', image(name, 'json'), { query: { at } });
  }

  async imageHistory(name: string, at?: string): Promise<readonly ImageHistoryEntry[]> {
    return this.#api.json('GET', image(name, 'history'), { query: { at } });
  }

  /** What is at a path of a container. */
  async statPath(id: string, path: string): Promise<PathStat> {
    const response = await this.#api.send('HEAD', container(id, 'archive'), { query: { path } });
    response.resume();
    return pathStat(response.headers['x-docker-container-path-stat']);
  }

  /** The file or directory at a path as a tar. The reading fails where the engine cannot go on. */
  async getArchive(id: string, path: string): Promise<{ readonly stat: PathStat; readonly tar: AsyncIterable<Uint8Array> }> {
    const response = await this.#api.send('GET', container(id, 'archive'), { query: { path } });
    return { stat: pathStat(response.headers['x-docker-container-path-stat']), tar: response };
  }

  /** Unpacks a tar into the directory at a path. */
  async putArchive(
    id: string,
    path: string,
    archive: Readable,
    query: { readonly noOverwriteDirNonDir?: boolean; readonly copyUIDGID?: boolean } = {},
  ): Promise<void> {
    await this.#api.done('PUT', container(id, 'archive'), { query: { path, ...query }, body: archive });
  }

  /** A container's root file system as a tar. */
  async exportContainer(id: string): Promise<AsyncIterable<Uint8Array>> {
    return this.#api.send('GET', container(id, 'export'));
  }

  async tagImage(name: string, repo: string, tag: string): Promise<void> {
    await this.#api.done('POST', image(name, 'tag'), { query: { repo, tag } });
  }

  async removeImage(
    name: string,
    query: { readonly force?: boolean; readonly noprune?: boolean } = {},
  ): Promise<readonly { readonly Untagged?: string; readonly Deleted?: string }[]> {
    return this.#api.json('DELETE', image(name), { query });
  }

  /** Progress while it loads; throws ApiError when the load fails on the way. */
  async loadImages(
    archive: Readable,
    query: { readonly quiet?: boolean; readonly storageDriver?: string } = {},
  ): Promise<AsyncIterable<ProgressLine>> {
    return progress(await this.#api.send('POST', '/images/load', { query, body: archive }));
  }

  /**
   * As {@link loadImages}: what a build prints, in `stream`, and at the end the image's id in `aux`; a quiet one has the id in `stream` alone. The error of a step has the facts
   * `dockerfile` and `line`.
   */
  async buildImage(
    context: Readable,
    { tags, buildArgs, labels, noCache, quiet, remove, forceRemove, networkMode, extraHosts, shmSize, ...rest }: BuildQuery,
    signal?: AbortSignal,
  ): Promise<AsyncIterable<ProgressLine>> {
    const query = {
      ...rest,
      t: tags,
      buildargs: JSON.stringify(buildArgs ?? {}),
      labels: JSON.stringify(labels ?? {}),
      nocache: noCache,
      q: quiet,
      rm: remove,
      forcerm: forceRemove,
      networkmode: networkMode,
      extrahosts: extraHosts,
      shmsize: shmSize,
    };
    return progress(await this.#api.send('POST', '/build', { query, body: context, signal }));
  }

  /** An image of what a container is now. */
  async commitContainer(
    container: string,
    query: {
      readonly repo?: string;
      readonly tag?: string;
      readonly author?: string;
      readonly comment?: string;
      readonly changes?: readonly string[];
      readonly pause?: boolean;
    } = {},
  ): Promise<{ readonly Id: string }> {
    return this.#api.json('POST', '/commit', { query: { container, ...query } });
  }

  /** Images as one tar. The reading fails where the engine cannot go on: what came until then is no whole archive. */
  async saveImages(names: readonly string[], signal?: AbortSignal): Promise<AsyncIterable<Uint8Array>> {
    return this.#api.send('GET', '/images/get', { query: { names }, signal });
  }

  /**
   * As {@link loadImages}, from an image source: `source`, or the first that knows the image. A name without tag and digest means every tag of it.
   */
  async pullImage(
    fromImage: string,
    query: { readonly tag?: string; readonly source?: string; readonly storageDriver?: string; readonly platform?: string } = {},
  ): Promise<AsyncIterable<ProgressLine>> {
    return progress(await this.#api.send('POST', '/images/create', { query: { fromImage, ...query } }));
  }

  /** As {@link loadImages}, to a registry: `name` without a tag, and every tag of it where none is given. */
  async pushImage(name: string, query: { readonly tag?: string; readonly source?: string } = {}): Promise<AsyncIterable<ProgressLine>> {
    return progress(await this.#api.send('POST', `/images/${encodeURIComponent(name)}/push`, { query }));
  }

  /** As {@link loadImages}. The last line's `status` is the image's id. */
  async importImage(
    archive: Readable,
    query: { readonly repo?: string; readonly tag?: string; readonly message?: string; readonly changes?: readonly string[] },
  ): Promise<AsyncIterable<ProgressLine>> {
    return progress(await this.#api.send('POST', '/images/create', { query: { fromSrc: '-', ...query }, body: archive }));
  }

  /** Events from `since` on; never ends unless there is an `until`. Times are unix seconds, with nanoseconds after the point. */
  async events(
    query: { readonly since?: string; readonly until?: string; readonly filters?: Filters },
    signal?: AbortSignal,
  ): Promise<AsyncIterable<DockerEvent>> {
    return jsonLines(await this.#api.send('GET', '/events', { query: { ...query, filters: filtersText(query.filters) }, signal }));
  }

  async listNetworks(filters?: Filters, at?: string): Promise<readonly NetworkSummary[]> {
    return this.#api.json('GET', '/networks', { query: { filters: filtersText(filters), at } });
  }

  async inspectNetwork(name: string, at?: string): Promise<NetworkSummary> {
    return this.#api.json('GET', `/networks/${encodeURIComponent(name)}`, { query: { at } });
  }

  async createNetwork(body: NetworkRequest): Promise<{ readonly Id: string; readonly Warning?: string }> {
    return this.#api.json('POST', '/networks/create', { json: body });
  }

  /** `endpoint` is an EndpointSettings. */
  async connectNetwork(name: string, container: string, endpoint: object = {}): Promise<void> {
    await this.#api.done('POST', `/networks/${encodeURIComponent(name)}/connect`, {
      json: { Container: container, EndpointConfig: endpoint },
    });
  }

  async disconnectNetwork(name: string, container: string): Promise<void> {
    await this.#api.done('POST', `/networks/${encodeURIComponent(name)}/disconnect`, { json: { Container: container, Force: false } });
  }

  async removeNetwork(name: string): Promise<void> {
    await this.#api.done('DELETE', `/networks/${encodeURIComponent(name)}`);
  }

  async listVolumes(filters?: Filters, at?: string): Promise<{ readonly Volumes: readonly VolumeSummary[] | null }> {
    return this.#api.json('GET', '/volumes', { query: { filters: filtersText(filters), at } });
  }

  async inspectVolume(name: string, at?: string): Promise<VolumeSummary> {
    return this.#api.json('GET', `/volumes/${encodeURIComponent(name)}`, { query: { at } });
  }

  async createVolume(body: {
    readonly Name?: string;
    readonly Driver: string;
    readonly DriverOpts?: Record<string, string>;
    readonly Labels?: Record<string, string>;
  }): Promise<VolumeSummary> {
    return this.#api.json('POST', '/volumes/create', { json: body });
  }

  async removeVolume(name: string, query: { readonly force?: boolean } = {}): Promise<void> {
    await this.#api.done('DELETE', `/volumes/${encodeURIComponent(name)}`, { query });
  }

  /** Removes containers that do not run. Filters: `until`, `label`, `label!`. */
  async pruneContainers(filters?: Filters): Promise<PruneAnswer> {
    return this.#prune('containers', filters);
  }

  /** Removes images that no container uses: without a name, or any where `dangling` is false. Other filters: `until`, `label`, `label!`. */
  async pruneImages(filters?: Filters): Promise<PruneAnswer> {
    return this.#prune('images', filters);
  }

  /** Removes networks that no running container is on. Filters: `until`, `label`, `label!`. */
  async pruneNetworks(filters?: Filters): Promise<PruneAnswer> {
    return this.#prune('networks', filters);
  }

  /**
   * Removes volumes that no container mounts: those without a name of their own, or any where `all` is true. Other filters: `label`, `label!`. Throws ApiError where an
   * engine knows no `all` (before API 1.42) and would take any, unasked.
   */
  async pruneVolumes({ all = [], ...filters }: Filters = {}): Promise<PruneAnswer> {
    const { apiVersion } = await this.ping();
    if (compareVersions(apiVersion, '1.42') >= 0) return this.#prune('volumes', { ...filters, ...(all.length === 0 ? {} : { all }) });
    if (!all.includes('true'))
      throw new ApiError(400, `the engine speaks Docker API ${apiVersion}: it would prune volumes with names, too`);
    return this.#prune('volumes', filters);
  }

  async #prune(kind: 'containers' | 'images' | 'networks' | 'volumes', filters: Filters | undefined): Promise<PruneAnswer> {
    return this.#api.json('POST', `/${kind}/prune`, { query: { filters: filtersText(filters) } });
  }
}

function pathStat(header: string | readonly string[] | undefined): PathStat {
  return JSON.parse(Buffer.from(String(header ?? ''), 'base64').toString('utf8')) as PathStat;
}

async function* progress(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<ProgressLine, void, undefined> {
  for await (const line of jsonLines<ProgressLine>(chunks)) {
    const failure = line.errorDetail?.message ?? line.error;
    // In the engine's words, with what it adds to them.
    if (failure !== undefined) throw ApiError.fromRecord(500, { ...line.errorDetail?.shiplog, message: failure });
    yield line;
  }
}

function container(id: string, verb?: string): string {
  return `/containers/${encodeURIComponent(id)}${verb === undefined ? '' : `/${verb}`}`;
}

/** Image names hold `/`, `:` and `@`, which the API takes unescaped. */
function image(name: string, verb?: string): string {
  const escaped = name.split('/').map((part) => encodeURIComponent(part).replaceAll('%3A', ':').replaceAll('%40', '@'));
  return `/images/${escaped.join('/')}${verb === undefined ? '' : `/${verb}`}`;
}

function filtersText(filters: Filters | undefined): string | undefined {
  return filters === undefined || Object.keys(filters).length === 0 ? undefined : JSON.stringify(filters);
}
