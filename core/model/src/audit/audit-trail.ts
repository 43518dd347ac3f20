import { type AuditRecord, type EventOf, type ShiplogEvent, strengthOf } from '@shiplog/contracts';

/** What a command's arguments call the object it is about. */
const NAMES = ['container', 'exec', 'image', 'network', 'volume', 'subject', 'name', 'reference'] as const;

/**
 * Pairs intents with their outcomes. Events come in order of `seq`, from any position on: an outcome whose intent was not
 * seen says nothing. Holds the intents that have no outcome yet, and nothing else.
 */
export class AuditTrail {
  readonly #open = new Map<string, ShiplogEvent>();

  /** Whether every intent seen has its outcome. */
  get settled(): boolean {
    return this.#open.size === 0;
  }

  /** The record that an event completes, if it does. */
  next(event: ShiplogEvent): AuditRecord | undefined {
    if (event.kind === 'intent') this.#open.set(event.op, event);
    if (event.kind === 'outcome') {
      const intent = this.#open.get(event.op);
      this.#open.delete(event.op);
      return intent === undefined ? undefined : ofCommand(intent, event);
    }
    if (event.type === 'content.read') return ofContent(event);
    if (event.type === 'registry.login') return ofLogin(event);
    if (event.type === 'registry.inspect') return ofInspection(event);
    if (event.type === 'request.refused') return ofRefused(event);
    return event.type === 'log.read' ? ofRead(event) : undefined;
  }

  /** Records of intents that have no outcome. */
  pending(): readonly AuditRecord[] {
    return [...this.#open.values()].map((intent) => ofCommand(intent, undefined));
  }
}

function ofCommand(intent: ShiplogEvent, outcome: ShiplogEvent | undefined): AuditRecord {
  const verb = intent.type.replace(/\.requested$/, '');
  const ref = nameIn(intent);
  const noun = verb.slice(0, verb.indexOf('.'));
  const { error, ms, status = 'unknown' } = outcome?.result ?? {};
  return {
    ...common(intent),
    ...(outcome === undefined ? {} : { outcome: outcome.seq }),
    verb,
    object: intent.stream === 'engine' ? (ref === undefined ? 'engine' : `${noun}/${ref}`) : intent.stream,
    ...(ref === undefined ? {} : { ref }),
    ...targetIn(intent),
    ...(outcome === undefined ? {} : { ...imagesOf(intent, outcome), ...removedBy(intent, outcome) }),
    ...pathIn(intent),
    ...commandIn(intent),
    status: outcome === undefined ? 'pending' : status,
    ...(error === undefined ? {} : { error }),
    ...(ms === undefined ? {} : { ms }),
  };
}

function ofRead(event: EventOf<'log.read'>): AuditRecord {
  const { from, to, follow, filters } = event.data;
  const read = { from, ...(to === undefined ? {} : { to }), follow, ...(Object.keys(filters ?? {}).length === 0 ? {} : { filters }) };
  return { ...common(event), verb: 'log.read', object: 'log', status: 'ok', read };
}

function ofContent(event: EventOf<'content.read'>): AuditRecord {
  const { verb, ref, path, streams } = event.data;
  const { status = 'ok', error } = event.result ?? {};
  return {
    ...common(event),
    verb,
    object: event.stream,
    ref,
    ...(path === undefined ? {} : { path }),
    ...(streams === undefined ? {} : { streams }),
    status,
    ...(error === undefined ? {} : { error }),
  };
}

function ofLogin(event: EventOf<'registry.login'>): AuditRecord {
  return { ...ofRegistry(event), ...named('user', event.data.username) };
}

function ofInspection(event: EventOf<'registry.inspect'>): AuditRecord {
  return { ...ofRegistry(event), ref: event.data.ref };
}

function ofRegistry(event: EventOf<'registry.login'> | EventOf<'registry.inspect'>): AuditRecord {
  const { status = 'unknown', error, ms } = event.result ?? {};
  return {
    ...common(event),
    verb: event.type,
    object: `registry/${event.data.registry}`,
    status,
    ...(error === undefined ? {} : { error }),
    ...(ms === undefined ? {} : { ms }),
  };
}

function ofRefused(event: EventOf<'request.refused'>): AuditRecord {
  const { verb = event.type } = event.data;
  const { error, status = 'refused' } = event.result ?? {};
  return { ...common(event), verb, object: verb === 'log.read' ? 'log' : 'engine', status, ...(error === undefined ? {} : { error }) };
}

function common(event: ShiplogEvent) {
  const { seq, t, op, corr, actor, req } = event;
  return { seq, time: t, op, corr, actor, strength: strengthOf(actor), ...(req === undefined ? {} : { via: req }) };
}

function targetIn(intent: ShiplogEvent): { readonly target?: string } {
  switch (intent.type) {
    case 'container.rename.requested':
      return named('container', intent.data.args?.name);
    case 'image.tag.requested':
    case 'image.commit.requested':
      // As it is known here: clients send the long form.
      return named('image', intent.data.decided?.reference ?? intent.data.args?.reference);
    case 'network.connect.requested':
    case 'network.disconnect.requested':
      return named('network', intent.data.args?.network);
    default:
      return {};
  }
}

function named(kind: string, name: string | undefined): { readonly target?: string } {
  return name === undefined || name === '' ? {} : { target: `${kind}/${name}` };
}

function imagesOf(intent: ShiplogEvent, outcome: ShiplogEvent): Pick<AuditRecord, 'images'> {
  if (intent.type === 'image.build.requested' && outcome.type === 'image.build.succeeded')
    return { images: [{ id: outcome.data.image, tags: intent.data.decided?.references ?? [] }] };
  const images = 'images' in outcome.data ? outcome.data.images.map(({ manifest, tags }) => ({ id: manifest.id, tags })) : [];
  return images.length === 0 ? {} : { images };
}

function removedBy(intent: ShiplogEvent, outcome: ShiplogEvent): Pick<AuditRecord, 'removed'> {
  const removed = prunedBy(intent, outcome);
  return removed.length === 0 ? {} : { removed };
}

function prunedBy(intent: ShiplogEvent, outcome: ShiplogEvent): readonly string[] {
  switch (outcome.type) {
    case 'container.prune.succeeded':
      return outcome.data.removed.map((id) => `container/${id}`);
    case 'network.prune.succeeded':
      return outcome.data.removed.map((id) => `network/${id}`);
    case 'volume.prune.succeeded':
      return outcome.data.removed.map((name) => `volume/${name}`);
    case 'image.prune.succeeded': {
      const removals = intent.type === 'image.prune.requested' ? (intent.data.decided?.removals ?? []) : [];
      return removals.flatMap(({ id, remove }) => (remove ? [`image/${id}`] : []));
    }
    default:
      return [];
  }
}

function pathIn(intent: ShiplogEvent): { readonly path?: string } {
  const path =
    intent.type === 'container.extract.requested' ||
    intent.type === 'container.stat.requested' ||
    intent.type === 'container.archive.requested'
      ? intent.data.args?.path
      : undefined;
  return path === undefined ? {} : { path };
}

function commandIn(intent: ShiplogEvent): { readonly command?: readonly string[] } {
  const command = intent.type === 'exec.create.requested' ? intent.data.args?.spec.command : undefined;
  return command === undefined ? {} : { command };
}

function nameIn(intent: ShiplogEvent): string | undefined {
  const { args } = intent.data as { readonly args?: { readonly [field: string]: unknown } | null };
  for (const field of NAMES) {
    const name = args?.[field];
    if (typeof name === 'string' && name !== '') return name;
  }
  return undefined;
}
