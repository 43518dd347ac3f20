import { ShiplogError } from '@shiplog/contracts/errors';

/**
 * An image reference in Docker's familiar form: the default hub's host and its `library/` prefix are dropped, so that
 * `docker.io/library/busybox` and `busybox` are the same `name`.
 */
export interface Reference {
  readonly name: string;
  readonly tag?: string;
  /** `algorithm:hex`. */
  readonly digest?: string;
}

const DEFAULT_DOMAIN = 'docker.io';
const LEGACY_DOMAIN = 'index.docker.io';
const OFFICIAL_PREFIX = 'library/';
const NAME_LIMIT = 255;
const FORMAT = 'invalid reference format';

// The grammar is that of the reference package of the distribution project (docs: "reference grammar").
const PATH_COMPONENT = '[a-z0-9]+(?:(?:\\.|_|__|-+)[a-z0-9]+)*';
const DOMAIN_COMPONENT = '(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9])';
const DOMAIN = `(?:${DOMAIN_COMPONENT}(?:\\.${DOMAIN_COMPONENT})*|\\[[a-fA-F0-9:]+\\])(?::[0-9]+)?`;
const NAME = `(?:${DOMAIN}/)?${PATH_COMPONENT}(?:/${PATH_COMPONENT})*`;
const TAG = '[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}';
const DIGEST = '[A-Za-z][A-Za-z0-9]*(?:[-_+.][A-Za-z][A-Za-z0-9]*)*:[0-9a-fA-F]{32,}';
const REFERENCE = new RegExp(`^(${NAME})(?::(${TAG}))?(?:@(${DIGEST}))?$`);

// Hex digits of the digest algorithms that the OCI image-spec registers (descriptor.md).
const DIGEST_HEX: ReadonlyMap<string, number> = new Map([
  ['sha256', 64],
  ['sha384', 96],
  ['sha512', 128],
]);

/**
 * Reads `[host[:port]/]name[:tag][@digest]`.
 *
 * Throws REFERENCE_INVALID with the words Docker's clients know, fact `reference`. A tag is not made up: see {@link familiar}.
 */
export function parseReference(text: string): Reference {
  if (/^[a-f0-9]{64}$/.test(text)) {
    throw invalid(text, `invalid repository name (${text}), cannot specify 64-byte hexadecimal strings`);
  }
  const { domain, rest } = splitDomain(text);
  const tagStart = rest.indexOf(':');
  const path = tagStart === -1 ? rest.split('@', 1)[0]! : rest.slice(0, tagStart);
  if (path.toLowerCase() !== path) throw invalid(text, `${FORMAT}: repository name (${path}) must be lowercase`);
  const match = REFERENCE.exec(`${domain}/${rest}`);
  if (match === null) throw invalid(text, FORMAT);
  const [, name = '', tag, digest] = match;
  if (name.length > NAME_LIMIT) throw invalid(text, `${FORMAT}: repository name must not be more than ${NAME_LIMIT} characters`);
  if (digest !== undefined) checkDigest(text, digest);
  return { name: familiarName(name), ...(tag === undefined ? {} : { tag }), ...(digest === undefined ? {} : { digest }) };
}

/** `name:tag` as Docker lists it; the tag is `latest` if the reference has none. A digest is left out. */
export function familiar(ref: Reference): string {
  return `${ref.name}:${ref.tag ?? 'latest'}`;
}

/** The reference with nothing left out, as a registry is asked for it: `docker.io/library/busybox:latest`, or `…@sha256:…` by content. */
export function canonical(ref: Reference): string {
  const { domain, rest } = splitDomain(ref.name);
  return `${domain}/${rest}${ref.digest === undefined ? `:${ref.tag ?? 'latest'}` : `@${ref.digest}`}`;
}

/** A reference with nothing left out, in the parts that a registry is asked with: a tag, or a digest, where a tag says nothing. */
export interface ReferenceParts {
  /** `docker.io`, `localhost:5000`. */
  readonly domain: string;
  /** `library/busybox`. */
  readonly path: string;
  readonly tag?: string;
  readonly digest?: string;
}

/** Reads what {@link canonical} writes, and anything that {@link parseReference} reads. Throws REFERENCE_INVALID. */
export function referenceParts(text: string): ReferenceParts {
  const { name, tag, digest } = parseReference(text);
  const { domain, rest } = splitDomain(name);
  return { domain, path: rest, ...(digest === undefined ? { tag: tag ?? 'latest' } : { digest }) };
}

/** A first part is a host only if it looks like one: it has a dot, a port or capitals, or is `localhost`. */
function splitDomain(text: string): { domain: string; rest: string } {
  const slash = text.indexOf('/');
  const first = slash === -1 ? '' : text.slice(0, slash);
  const isHost = slash !== -1 && (/[.:]/.test(first) || first === 'localhost' || first.toLowerCase() !== first);
  const domain = !isHost || first === LEGACY_DOMAIN ? DEFAULT_DOMAIN : first;
  const rest = isHost ? text.slice(slash + 1) : text;
  return { domain, rest: domain === DEFAULT_DOMAIN && !rest.includes('/') ? OFFICIAL_PREFIX + rest : rest };
}

function familiarName(name: string): string {
  if (!name.startsWith(`${DEFAULT_DOMAIN}/`)) return name;
  const path = name.slice(DEFAULT_DOMAIN.length + 1);
  const official = path.startsWith(OFFICIAL_PREFIX) ? path.slice(OFFICIAL_PREFIX.length) : path;
  if (!official.includes('/')) return official;
  // A short form whose first part reads as a host would name an image of that host.
  return splitDomain(path).domain === DEFAULT_DOMAIN ? path : name;
}

function checkDigest(text: string, digest: string): void {
  const [algorithm = '', hex = ''] = digest.split(':');
  const length = DIGEST_HEX.get(algorithm);
  if (length === undefined) throw invalid(text, 'unsupported digest algorithm');
  if (hex.length !== length) throw invalid(text, 'invalid checksum digest length');
  if (/[A-F]/.test(hex)) throw invalid(text, 'invalid checksum digest format');
}

function invalid(reference: string, message: string): ShiplogError {
  return new ShiplogError('REFERENCE_INVALID', message, { reference });
}
