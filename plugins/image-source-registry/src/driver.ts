import { readFile } from 'node:fs/promises';
import type { IncomingMessage } from 'node:http';
import { type ImageSource, type Observed, type OperationContext, ShiplogError } from '@shiplog/contracts';
import type { DriverOptions } from '@shiplog/driver-kit';
import { canonical, mediaKind, type ReferenceParts, referenceParts } from '@shiplog/oci';
import { BlobFile } from './blob-file.ts';
import { failureOf, Passing } from './failures.ts';
import { readHosts } from './hosts.ts';
import { ACCEPT, descriptorIn, descriptorOf } from './manifest.ts';
import { Mirrors } from './mirrors.ts';
import { type Patience, patiently, PATIENCE } from './patience.ts';
import { type Place, Registry } from './registry.ts';
import { listTags } from './tags.ts';
import { type Destination, mountBlob, uploadBlob } from './upload.ts';

type Verbs = Required<ImageSource>;
type Args<V extends keyof Verbs> = Parameters<Verbs[V]>[0];
type Answer<V extends keyof Verbs> = ReturnType<Verbs[V]>;

const PROGRESS_BYTES = 512 * 1024;
/** Somebody waits for the first word. */
const RESOLVE_ATTEMPTS = 3;

/** Images from registries (OCI distribution-spec 1.1, Pull), Docker's hub among them. */
export class RegistrySource implements ImageSource {
  readonly #registry: Registry;
  readonly #mirrors: Mirrors;
  readonly #patience: Patience;

  constructor(options: DriverOptions, patience: Patience = PATIENCE) {
    const hosts = readHosts(options);
    this.#registry = new Registry(hosts, patience.silenceMs);
    this.#mirrors = new Mirrors(hosts);
    this.#patience = patience;
  }

  async observe(): Promise<readonly Observed[]> {
    return [];
  }

  async resolve({ reference, auth = {} }: Args<'resolve'>, { signal }: OperationContext): Answer<'resolve'> {
    const parts = referenceParts(reference);
    if (!this.#registry.isAsked(parts.domain)) return {};
    const mirrored = await this.#mirrors.first(parts.domain, signal, async (mirror) => {
      const found = await this.#resolveAt(placeOf({ ...parts, domain: mirror }, 'pull', {}), reference, parts, 1, signal);
      return found.descriptor === undefined ? undefined : found;
    });
    return mirrored ?? this.#resolveAt(placeOf(parts, 'pull', auth), reference, parts, RESOLVE_ATTEMPTS, signal);
  }

  async #resolveAt(place: Place, reference: string, parts: ReferenceParts, attempts: number, signal: AbortSignal): Answer<'resolve'> {
    const target = `/v2/${parts.path}/manifests/${parts.digest ?? parts.tag}`;
    return patiently(reference, { ...this.#patience, attempts }, signal, async () => {
      // Without its content: registries count those who ask for that.
      const head = await this.#registry.send(place, { method: 'HEAD', target, headers: { accept: ACCEPT }, signal });
      if (head.statusCode === 404) return {};
      const told = head.statusCode === 200 ? descriptorIn(head, reference) : undefined;
      if (told !== undefined) return { descriptor: told };
      // Some know no HEAD, or say less in its answer than they should; and an error's reason is in a body.
      const response = await this.#registry.send(place, { method: 'GET', target, headers: { accept: ACCEPT }, signal });
      if (response.statusCode === 404) {
        response.resume();
        return {};
      }
      if (response.statusCode !== 200) throw await deniedAs(reference, await failureOf(response, reference));
      return { descriptor: await descriptorOf(response, reference) };
    });
  }

  async tags({ repository, auth = {} }: Args<'tags'>, { signal }: OperationContext): Answer<'tags'> {
    const { domain, path } = referenceParts(repository);
    if (!this.#registry.isAsked(domain)) return {};
    const place: Place = { domain, scope: `repository:${path}:pull`, auth };
    const what = `the tags of ${repository}`;
    return patiently(what, { ...this.#patience, attempts: RESOLVE_ATTEMPTS }, signal, async () => {
      const tags = await listTags(this.#registry, place, path, what, signal);
      return tags === undefined ? {} : { tags };
    });
  }

  async login({ registry, auth = {} }: Args<'login'>, { signal }: OperationContext): Answer<'login'> {
    if (!this.#registry.isAsked(registry))
      throw new ShiplogError('REGISTRY_DENIED', `${registry} is none of the registries that this engine may ask (--registry)`, {
        registry,
      });
    const place: Place = { domain: registry, scope: '', auth };
    this.#registry.forget(place);
    const what = `login attempt to ${registry}`;
    return patiently(what, { ...this.#patience, attempts: RESOLVE_ATTEMPTS }, signal, async () => {
      const response = await this.#registry.send(place, { method: 'GET', target: '/v2/', signal }).catch((error: unknown) => {
        if (!(error instanceof ShiplogError)) throw error;
        throw new ShiplogError(error.code, `${what} failed: ${error.message}`, error.facts, { cause: error });
      });
      if (response.statusCode !== 200) throw await failureOf(response, `${what} failed`);
      response.resume();
      return {};
    });
  }

  async fetch({ reference, mediaType, digest, size, path, auth = {} }: Args<'fetch'>, ctx: OperationContext): Answer<'fetch'> {
    const parts = referenceParts(reference);
    const kind = mediaKind(mediaType);
    const isManifest = kind === 'manifest' || kind === 'index';
    const target = `/v2/${parts.path}/${isManifest ? 'manifests' : 'blobs'}/${digest}`;
    const what = `blob ${digest} of ${reference}`;
    const { signal } = ctx;
    await using file = await BlobFile.create(path, size, what);
    let before = 0;
    const attempt = async (place: Place): Promise<void> => {
      before = file.bytes;
      const headers = { ...(isManifest ? { accept: mediaType } : {}), ...(before === 0 ? {} : { range: `bytes=${before}-` }) };
      const response = await this.#registry.send(place, { method: 'GET', target, headers, signal });
      if (response.statusCode === 404) {
        response.resume();
        throw new ShiplogError('BLOB_NOT_FOUND', `the registry has no ${what}`, { digest, reference });
      }
      if (before > 0 && !continues(response, before)) await file.restart();
      if (response.statusCode === 416) {
        response.resume();
        throw new Passing('the registry does not go on where it was cut off');
      }
      if (response.statusCode !== 200 && response.statusCode !== 206) throw await failureOf(response, what);
      await take(response, file, shown(digest, size, ctx));
    };
    const isMirrored = await this.#mirrors.first(parts.domain, signal, async (mirror) => {
      await file.restart();
      const place = placeOf({ ...parts, domain: mirror }, 'pull', {});
      await patiently(
        what,
        { ...this.#patience, attempts: 1 },
        signal,
        () => attempt(place),
        () => file.bytes > before,
      );
      return true;
    });
    if (isMirrored === true) return {};
    await file.restart();
    const place = placeOf(parts, 'pull', auth);
    await patiently(
      what,
      this.#patience,
      signal,
      () => attempt(place),
      () => file.bytes > before,
    );
    return {};
  }

  async mount({ reference, digest, elsewhere, auth = {} }: Args<'mount'>, { signal }: OperationContext): Answer<'mount'> {
    const to = destinationOf(reference, elsewhere, auth);
    const what = `blob ${digest} for ${reference}`;
    return patiently(what, this.#patience, signal, async () => told(await mountBlob(this.#registry, to, digest, what, signal)));
  }

  async upload({ reference, digest, size, path, elsewhere, auth = {} }: Args<'upload'>, ctx: OperationContext): Answer<'upload'> {
    const to = destinationOf(reference, elsewhere, auth);
    const what = `blob ${digest} for ${reference}`;
    return patiently(what, this.#patience, ctx.signal, async () => {
      const tell = shown(digest, size, ctx, 'Pushing');
      const uploaded = await uploadBlob(this.#registry, to, { digest, size, path }, what, tell, ctx.signal);
      tell(size);
      return told(uploaded);
    });
  }

  async publish({ reference, mediaType, digest, path, auth = {} }: Args<'publish'>, { signal }: OperationContext): Answer<'publish'> {
    const parts = referenceParts(reference);
    if (parts.tag === undefined) throw new ShiplogError('REFERENCE_INVALID', 'a manifest is published under a tag', { reference });
    const target = `/v2/${parts.path}/manifests/${parts.tag}`;
    const bytes = await readFile(path);
    const headers = { 'content-type': mediaType, 'content-length': String(bytes.length) };
    return patiently(reference, this.#patience, signal, async () => {
      const place = placeOf(parts, 'pull,push', auth);
      const response = await this.#registry.send(place, { method: 'PUT', target, headers, body: () => bytes, signal });
      if (response.statusCode !== 201 && response.statusCode !== 200) throw await failureOf(response, `push to ${reference}`);
      response.resume();
      const found = response.headers['docker-content-digest'] ?? digest;
      if (found !== digest)
        throw new ShiplogError('DIGEST_MISMATCH', `the registry made another manifest of ${reference}`, {
          expected: digest,
          found: String(found),
        });
      return {};
    });
  }
}

/** Where blobs of a reference go, and what else there is in its registry. */
function destinationOf(reference: string, elsewhere: readonly string[] = [], auth: Place['auth']): Destination {
  const { domain, path: repository } = referenceParts(reference);
  const others = elsewhere.map((name) => referenceParts(name)).filter((other) => other.domain === domain);
  const scope = [`repository:${repository}:pull,push`, ...others.map(({ path }) => `repository:${path}:pull`)].join(' ');
  return { place: { domain, scope, auth }, repository, others };
}

function told<S extends string>({ state, from }: { readonly state: S; readonly from?: ReferenceParts }): { state: S; from?: string } {
  return { state, ...(from === undefined ? {} : { from: canonical({ name: `${from.domain}/${from.path}` }) }) };
}

/** Of a reference: what is done with its repository. */
function placeOf({ domain, path }: ReferenceParts, actions: string, auth: Place['auth']): Place {
  return { domain, scope: `repository:${path}:${actions}`, auth };
}

/** Registries do not tell those who may not know whether something is there. */
async function deniedAs(reference: string, failure: ShiplogError): Promise<ShiplogError> {
  if (failure.code !== 'REGISTRY_DENIED') return failure;
  return new ShiplogError(
    'REGISTRY_DENIED',
    `pull access denied for ${reference}, repository does not exist or may require 'docker login': ${failure.message}`,
    failure.facts,
  );
}

/** Does it go on after the first `bytes` (RFC 9110, 14.4)? */
function continues({ statusCode, headers }: IncomingMessage, bytes: number): boolean {
  return statusCode === 206 && (headers['content-range'] ?? '').startsWith(`bytes ${bytes}-`);
}

/** Reads a body to its end. Throws {@link Passing} where that comes too soon. */
async function take(response: IncomingMessage, file: BlobFile, tell: (bytes: number) => void): Promise<void> {
  try {
    for await (const chunk of response as AsyncIterable<Buffer>) {
      await file.append(chunk);
      tell(file.bytes);
    }
  } catch (error) {
    if (error instanceof ShiplogError || isOwn(error)) throw error;
    throw new Passing(`the connection broke after ${file.bytes} of ${file.size} bytes`, { cause: error });
  }
  if (!file.isWhole) throw new Passing(`the registry sent ${file.bytes} of ${file.size} bytes`);
}

/** Of the file, and not of the connection. */
function isOwn(error: unknown): boolean {
  return ['ENOSPC', 'EDQUOT', 'EIO', 'EFBIG'].includes((error as NodeJS.ErrnoException | undefined)?.code ?? '');
}

/** Tells now and then how much has come. */
function shown(digest: string, total: number, ctx: OperationContext, status = 'Downloading'): (bytes: number) => void {
  const id = digest.slice('sha256:'.length, 'sha256:'.length + 12);
  let next = 0;
  return (current) => {
    if (current < next && current < total) return;
    next = current + PROGRESS_BYTES;
    ctx.progress({ id, status, current, total });
  };
}
