import { type ContainerRecord, type EventType, ShiplogError, type ShiplogEvent, type StateView } from '@shiplog/contracts';

export const FIRST = 'a'.repeat(64);
export const SECOND = 'b'.repeat(64);

/** Two containers that were called `web` one after the other; only the second is left. */
export const HISTORY: readonly (readonly [EventType, string, object])[] = [
  ['engine.started', '', {}],
  ['container.create.requested', FIRST, { decided: { id: FIRST, name: 'web' } }],
  ['container.create.succeeded', FIRST, {}],
  ['container.rename.requested', FIRST, { decided: { id: FIRST, name: 'old', oldName: 'web' } }],
  ['container.rename.succeeded', FIRST, {}],
  ['container.create.requested', SECOND, { decided: { id: SECOND, name: 'web' } }],
  ['container.create.succeeded', SECOND, {}],
  ['container.remove.requested', FIRST, { decided: { id: FIRST } }],
  ['container.remove.succeeded', FIRST, {}],
];

export function anEvent([type, id, data]: readonly [EventType, string, object], seq: number): ShiplogEvent {
  const verb = type.replace(/\.[a-z]+$/, '');
  return {
    v: 1,
    seq,
    id: `e${seq}`,
    stream: id === '' ? 'engine' : `container/${id}`,
    rev: 0,
    type,
    sv: 1,
    kind: type.endsWith('.requested') ? 'intent' : 'outcome',
    op: `${verb}-${id}`,
    corr: '',
    t: `${seq + 1}000000000`,
    mono: '0',
    boot: '',
    inst: '',
    actor: { scheme: 'system', reason: 'test' },
    data,
  } as ShiplogEvent;
}

/** What lives at a position. */
function names(seq: number): ReadonlyMap<string, string> {
  const living = new Map<string, string>();
  if (seq >= 2) living.set(FIRST, seq >= 4 ? 'old' : 'web');
  if (seq >= 6) living.set(SECOND, 'web');
  if (seq >= 8) living.delete(FIRST);
  return living;
}

export function viewAt(seq: number): StateView {
  const containers = new Map([...names(seq)].map(([id, name]) => [id, { id, name } as ContainerRecord]));
  const absent = (code: 'IMAGE_NOT_FOUND' | 'NETWORK_NOT_FOUND' | 'VOLUME_NOT_FOUND' | 'EXEC_NOT_FOUND', ref: string): never => {
    throw new ShiplogError(code, `no ${ref}`);
  };
  return {
    seq,
    containers,
    execs: new Map(),
    images: new Map(),
    networks: new Map(),
    volumes: new Map(),
    plugins: new Map(),
    openOperations: new Map(),
    container(ref) {
      const found = [...containers.values()].find((c) => c.name === ref || c.id.startsWith(ref));
      if (found === undefined) throw new ShiplogError('CONTAINER_NOT_FOUND', `no such container: ${ref}`);
      return found;
    },
    exec: (ref) => absent('EXEC_NOT_FOUND', ref),
    image: (ref) => absent('IMAGE_NOT_FOUND', ref),
    network: (ref) => absent('NETWORK_NOT_FOUND', ref),
    volume: (ref) => absent('VOLUME_NOT_FOUND', ref),
  };
}
