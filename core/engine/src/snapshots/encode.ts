import type { ContainerRecord } from '@shiplog/contracts';
import type { State } from '@shiplog/model';
import { factor } from './common-fields.ts';
import { encodeSection } from './sections.ts';
import { type Directory, type Header, type MapPart, type Page, PAGE, SHARED_MAPS } from './snapshot-file.ts';

/** A whole snapshot that was made before: what others are the difference to. */
export interface Base {
  readonly state: State;
  readonly ranks: ReadonlyMap<string, number>;
}

/** What there is to write. */
export interface Encodable {
  readonly state: State;
  readonly hash: string;
  readonly base?: Base;
}

/** A state in sections, each a JSON text, and what a later difference needs. */
export interface Encoded {
  readonly header: Header;
  readonly sections: readonly Buffer[];
  readonly ranks: ReadonlyMap<string, number>;
}

/** The state must not change meanwhile. `pause` is awaited now and then: others have work too. */
export async function encodeState({ state, hash, base }: Encodable, pause: () => Promise<void>): Promise<Encoded> {
  const ranks = rankContainers(state, base);
  const changed = [...state.containers.values()].filter((container) => isChanged(container, state, base));
  const containers = changed.toSorted((a, b) => (a.id < b.id ? -1 : 1));
  const pages: Buffer[] = [];
  const firsts: string[] = [];
  for (let at = 0; at < containers.length; at += PAGE) {
    const page = containers.slice(at, at + PAGE);
    firsts.push(page[0]?.id ?? '');
    pages.push(encodeSection(pageOf(page, state, ranks)));
    await pause();
  }
  const directory: Directory = { names: containers.map(({ name }) => name), pages: firsts, removed: removedRanks(state, base) };
  const shared = SHARED_MAPS.map((name) => encodeSection(mapPart(state[name], base?.state[name])));
  const header: Header = { seq: state.seq, hash, ...(base === undefined ? {} : { base: base.state.seq }) };
  return { header, sections: [encodeSection(directory), ...shared, ...pages], ranks };
}

/** Containers keep the rank they had in the base; new ones come after, in the order in which they were made. */
function rankContainers(state: State, base: Base | undefined): ReadonlyMap<string, number> {
  const ranks = new Map<string, number>();
  let next = base?.state.containers.size ?? 0;
  for (const id of state.containers.keys()) ranks.set(id, base?.ranks.get(id) ?? next++);
  return ranks;
}

/** Records are replaced, never changed: another object is another record. */
function isChanged(container: ContainerRecord, state: State, base: Base | undefined): boolean {
  if (base === undefined || base.state.containers.get(container.id) !== container) return true;
  return container.execIds.some((id) => base.state.execs.get(id) !== state.execs.get(id));
}

function pageOf(containers: readonly ContainerRecord[], state: State, ranks: ReadonlyMap<string, number>): Page {
  return {
    ranks: containers.map(({ id }) => ranks.get(id) ?? 0),
    records: factor(containers.map(withoutSpec)),
    specs: factor(containers.map(({ spec }) => spec)),
    execs: containers.map(({ execIds }) => execIds.map((id) => state.execs.get(id)).filter((exec) => exec !== undefined)),
  };
}

function withoutSpec(container: ContainerRecord): object {
  const { spec: _, ...rest } = container;
  return rest;
}

function removedRanks(state: State, base: Base | undefined): readonly number[] {
  if (base === undefined) return [];
  return [...base.ranks].filter(([id]) => !state.containers.has(id)).map(([, rank]) => rank);
}

function mapPart(map: ReadonlyMap<string, unknown>, base: ReadonlyMap<string, unknown> | undefined): MapPart {
  if (base === undefined) return { changed: [...map] };
  const changed = [...map].filter(([key, record]) => base.get(key) !== record);
  const keys = [...map.keys()];
  const before = [...base.keys()];
  const same = keys.length === before.length && keys.every((key, index) => key === before[index]);
  return same ? { changed } : { keys, changed };
}
