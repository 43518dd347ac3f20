import type { Actor, AuditRecord } from '@shiplog/contracts';

/** Which records are wanted. Of each list any value fits; an empty one fits all. A `*` at the end of a text fits every ending. */
export interface AuditFilter {
  /** Login uid or uid, of callers on unix sockets. */
  readonly uid: readonly number[];
  /** Subject of a client certificate, such as `CN=alice`, or one attribute of it; or an address. */
  readonly user: readonly string[];
  /** Pseudonyms of persons in the log. */
  readonly subject: readonly string[];
  /** `container.create`, `image.*`, `log.read`. */
  readonly verb: readonly string[];
  /** `container/<id or its beginning>`, or a name, also with its kind: of the object, of what else the client named, of images that came of it, of what a prune took away. */
  readonly object: readonly string[];
  /** Streams of objects that had a name which `object` has; they fit as well. */
  readonly called: ReadonlySet<string>;
  readonly status: readonly string[];
  /** `unix`, `tls`, `tcp`, `system`, a route (`POST /containers/create`), or the client's name of itself. */
  readonly via: readonly string[];
}

/** Whether a record is wanted; its actor as the log has it and as it was opened. Sealed or erased callers fit no person. */
export function wants(filter: AuditFilter, record: AuditRecord, recorded: Actor, actor: Actor): boolean {
  const { verb, status, via } = record;
  return (
    any(filter.uid, (uid) => actor.scheme === 'unix' && (actor.loginuid === uid || actor.uid === uid)) &&
    any(filter.user, (user) => isUser(actor, user)) &&
    any(filter.subject, (subject) => (recorded.scheme === 'sealed' || recorded.scheme === 'erased') && recorded.subject === subject) &&
    any(filter.verb, (pattern) => fits(pattern, verb)) &&
    (concernsCalled(filter.called, record) || any(filter.object, (pattern) => concerns(record, pattern))) &&
    any(filter.status, (pattern) => pattern === status) &&
    any(
      filter.via,
      (pattern) => pattern === schemeOf(actor) || fits(pattern, `${via?.method} ${via?.route}`) || fits(pattern, via?.agent ?? ''),
    )
  );
}

/** Whether an act is about something that had a name which was asked for. */
function concernsCalled(called: ReadonlySet<string>, { object, target = '', removed = [] }: AuditRecord): boolean {
  return called.has(object) || called.has(target) || removed.some((one) => called.has(one));
}

/** Whether an act is about what a pattern says: its object, what the client called that, what else it named, images that came of it, or what it took away. */
function concerns({ object, ref, target, images = [], removed = [] }: AuditRecord, pattern: string): boolean {
  const [kind, id] = [object.slice(0, object.indexOf('/')), object];
  const names = [
    ...(ref === undefined ? [] : [ref, `${kind}/${ref}`]),
    ...(target === undefined ? [] : [target, target.slice(target.indexOf('/') + 1)]),
    // Of a volume it is the name.
    ...removed.map((one) => one.slice(one.indexOf('/') + 1)),
    ...images.flatMap(({ tags }) => tags.flatMap((tag) => [tag, `image/${tag}`])),
  ];
  const ids = [id, ...(target === undefined ? [] : [target]), ...images.map((image) => `image/${image.id}`), ...removed];
  return names.some((name) => fits(pattern, name)) || ids.some((one) => fits(pattern, one) || isBeginning(pattern, one));
}

function any<T>(values: readonly T[], fitting: (value: T) => boolean): boolean {
  return values.length === 0 || values.some(fitting);
}

/** Whether a text is what a pattern says, or begins so where that ends in a `*`. */
export function fits(pattern: string, text: string): boolean {
  return pattern.endsWith('*') ? text.startsWith(pattern.slice(0, -1)) : text === pattern;
}

/** `container/0123` for `container/0123…`, or the id alone: ids are typed by their first digits. */
function isBeginning(pattern: string, object: string): boolean {
  const id = object.slice(object.indexOf('/') + 1).replace(/^sha256:/, '');
  return /^(?:[a-z]+\/)?[0-9a-f]{12,}$/.test(pattern) && (object.startsWith(pattern) || id.startsWith(pattern));
}

function isUser(actor: Actor, user: string): boolean {
  if (actor.scheme === 'tcp') return fits(user, actor.address);
  if (actor.scheme !== 'tls') return false;
  return fits(user, actor.subject) || actor.subject.split(/(?<!\\),/).includes(user) || (actor.names ?? []).includes(user);
}

function schemeOf(actor: Actor): string {
  return actor.scheme === 'sealed' || actor.scheme === 'erased' ? actor.was : actor.scheme;
}
