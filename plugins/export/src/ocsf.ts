import { type Actor, type AuditRecord, CONTENT_VERBS, type ShiplogEvent } from '@shiplog/contracts';
import { AuditTrail } from '@shiplog/model';
import { chunks } from './chunks.ts';
import type { Format } from './format.ts';
import { milliseconds } from './time.ts';

/** Open Cybersecurity Schema Framework, the version these documents are written to. */
export const OCSF_VERSION = '1.5.0';

/** Application Activity, API Activity. */
const CATEGORY = 6;
const CLASS = 6003;

const CONTENT: ReadonlySet<string> = new Set(CONTENT_VERBS);
const ACTIVITY = { unknown: 0, create: 1, read: 2, update: 3, delete: 4 } as const;
const ACTIVITY_NAME: { readonly [id: number]: string } = { 0: 'Unknown', 1: 'Create', 2: 'Read', 3: 'Update', 4: 'Delete' };
const SUCCESS = 1;
const FAILURE = 2;
const OTHER = 99;
const INFORMATIONAL = 1;
/** `file.type_id` of a regular file. */
const REGULAR_FILE = 1;

/** One act as an API Activity. Acts only: what happens by itself is no call of an API. `ordinal` is `metadata.sequence`. */
export function toOcsf(record: AuditRecord): { readonly [attribute: string]: unknown } {
  const activity = activityOf(record);
  const {
    seq,
    time,
    op,
    corr,
    verb,
    object,
    ref,
    actor,
    via,
    status,
    error,
    ms,
    target,
    path,
    streams,
    command,
    images = [],
    removed = [],
  } = record;
  return {
    activity_id: activity,
    activity_name: ACTIVITY_NAME[activity],
    category_uid: CATEGORY,
    category_name: 'Application Activity',
    class_uid: CLASS,
    class_name: 'API Activity',
    type_uid: CLASS * 100 + activity,
    type_name: `API Activity: ${ACTIVITY_NAME[activity]}`,
    severity_id: INFORMATIONAL,
    status_id: status === 'ok' ? SUCCESS : status === 'refused' || status === 'failed' ? FAILURE : OTHER,
    status,
    ...(error === undefined ? {} : { status_code: error.code, status_detail: error.message }),
    time: milliseconds(time),
    ...(ms === undefined ? {} : { duration: Math.round(ms) }),
    metadata: {
      version: OCSF_VERSION,
      product: { name: 'Shiplog', vendor_name: 'Shiplog' },
      uid: op,
      correlation_uid: corr,
      sequence: seq,
      original_time: time,
      log_name: 'shiplog',
    },
    api: {
      operation: verb,
      request: { uid: via?.id ?? op },
      ...(via?.api === undefined ? {} : { version: via.api }),
      response: { ...(error === undefined ? {} : { error: error.code, error_message: error.message }), message: status },
    },
    actor: actorOf(actor, via?.agent),
    src_endpoint: endpointOf(actor),
    ...(via === undefined
      ? {}
      : {
          http_request: {
            http_method: via.method,
            url: { path: via.route },
            ...(via.agent === undefined ? {} : { user_agent: via.agent }),
          },
        }),
    resources: [
      { uid: object, type: typeOf(object), ...(ref === undefined ? {} : { name: ref }) },
      ...(target === undefined ? [] : [{ uid: target, type: typeOf(target) }]),
      ...images.map(({ id, tags }) => ({ uid: `image/${id}`, type: 'image', ...(tags[0] === undefined ? {} : { name: tags[0] }) })),
      ...removed.map((uid) => ({ uid, type: typeOf(uid) })),
    ],
    unmapped: {
      strength: record.strength,
      ...(path === undefined ? {} : { path }),
      ...(streams === undefined ? {} : { streams }),
      ...(command === undefined ? {} : { command }),
    },
  };
}

/** The kind of what is called `KIND/NAME`. */
function typeOf(object: string): string {
  return object.replace(/\/.*$/s, '');
}

function activityOf({ verb, streams = [] }: AuditRecord): (typeof ACTIVITY)[keyof typeof ACTIVITY] {
  if (CONTENT.has(verb)) return streams.includes('stdin') ? ACTIVITY.update : ACTIVITY.read;
  // Nothing here serves what was asked.
  if (verb === 'request.refused') return ACTIVITY.unknown;
  const action = verb.slice(verb.lastIndexOf('.') + 1);
  if (action === 'read' || action === 'login') return ACTIVITY.read;
  if (['create', 'load', 'import', 'pull', 'commit', 'build'].includes(action)) return ACTIVITY.create;
  if (['remove', 'prune', 'erase'].includes(action)) return ACTIVITY.delete;
  return ACTIVITY.update;
}

function actorOf(actor: Actor, agent: string | undefined): { readonly [attribute: string]: unknown } {
  const app = agent === undefined ? {} : { app_name: agent };
  switch (actor.scheme) {
    case 'unix': {
      const { uid, gid, pid, exe, loginuid } = actor;
      const file = exe === undefined ? {} : { file: { path: exe, name: exe.slice(exe.lastIndexOf('/') + 1), type_id: REGULAR_FILE } };
      return {
        ...app,
        user: { uid: String(loginuid ?? uid) },
        process: { pid, ...file, user: { uid: String(uid), groups: [{ uid: String(gid) }] } },
      };
    }
    case 'tls':
      return { ...app, user: { name: actor.subject, uid: actor.fingerprint } };
    case 'tcp':
      return { app_name: agent ?? 'unknown' };
    case 'system':
      return { app_name: `shiplog ${actor.reason}` };
    case 'sealed':
    case 'erased':
      return { ...app, user: { uid: actor.subject, name: actor.scheme } };
  }
}

/** Who calls over a unix socket is on the engine's own host. */
function endpointOf(actor: Actor): { readonly [attribute: string]: unknown } {
  if (actor.scheme !== 'tls' && actor.scheme !== 'tcp') return { name: 'localhost', svc_name: actor.scheme };
  const [, ip = '', port] = /^\[?([^\]]*?)\]?:(\d+)$/.exec(actor.address) ?? [];
  return { ip, port: Number(port), svc_name: actor.scheme };
}

async function* acts(events: AsyncIterable<ShiplogEvent>): AsyncGenerator<string> {
  const trail = new AuditTrail();
  const line = (record: AuditRecord): string => `${JSON.stringify(toOcsf(record))}\n`;
  for await (const event of events) {
    const record = trail.next(event);
    if (record !== undefined) yield line(record);
  }
  for (const record of trail.pending()) yield line(record);
}

export const ocsf: Format = {
  name: 'ocsf',
  doc: `OCSF ${OCSF_VERSION} API Activity (class 6003), one act a line`,
  binary: false,
  write: (events) => chunks(acts(events)),
};
