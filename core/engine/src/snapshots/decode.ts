import { createState, type State } from '@shiplog/model';
import { unfactor } from './common-fields.ts';
import type { Sections } from './sections.ts';
import {
  type ContainerPart,
  type Directory,
  DIRECTORY,
  FIRST_MAP,
  FIRST_PAGE,
  type Header,
  type MapPart,
  type Page,
  PAGE,
  SHARED_MAPS,
  type SharedMap,
} from './snapshot-file.ts';

const FULL_ID = /^[0-9a-f]{64}$/;

/** A stored snapshot: a whole one, and the difference to it, if there is one. */
export class StoredState {
  readonly header: Header;
  readonly #whole: Sections<Header>;
  readonly #difference: Sections<Header> | undefined;

  constructor(whole: Sections<Header>, difference?: Sections<Header>) {
    this.#whole = whole;
    this.#difference = difference;
    this.header = (difference ?? whole).header;
  }

  /** All of it, which the caller may fold further. */
  async state(): Promise<State> {
    const layers = await Promise.all(this.#layers().map((layer) => layer.read(Array.from({ length: layer.count }, (_, index) => index))));
    const state = createState();
    state.seq = this.header.seq;
    for (const sections of layers) overlayMaps(state, SHARED_MAPS, sections.slice(FIRST_MAP, FIRST_PAGE));
    for (const { record, execs } of partsInOrder(layers)) {
      state.containers.set(record.id, record);
      for (const exec of execs) state.execs.set(exec.id, exec);
    }
    return state;
  }

  /** A state with some of the maps, and nothing else. */
  async shared(maps: readonly SharedMap[]): Promise<State> {
    const wanted = maps.map((name) => FIRST_MAP + SHARED_MAPS.indexOf(name));
    const layers = await Promise.all(this.#layers().map((layer) => layer.read(wanted)));
    const state = createState();
    state.seq = this.header.seq;
    for (const sections of layers) overlayMaps(state, maps, sections);
    return state;
  }

  /** One container, by id or name; undefined if nothing is known of it here. */
  async container(ref: string): Promise<ContainerPart | undefined> {
    const [whole, difference] = await Promise.all([Containers.of(this.#whole), this.#difference && Containers.of(this.#difference)]);
    const [part, changed] = await Promise.all([whole.find(ref), difference?.find(ref)]);
    if (changed !== undefined || part === undefined || difference === undefined) return changed ?? part;
    if (difference.directory.removed.includes(part.rank)) return undefined;
    // It may have been renamed since: then it is among those that changed, by another name.
    return part.record.id === ref || (await difference.find(part.record.id)) === undefined ? part : undefined;
  }

  #layers(): readonly Sections<Header>[] {
    return this.#difference === undefined ? [this.#whole] : [this.#whole, this.#difference];
  }
}

/** A snapshot's containers, and where they are. */
class Containers {
  private constructor(
    readonly sections: Sections<Header>,
    readonly directory: Directory,
  ) {}

  static async of(sections: Sections<Header>): Promise<Containers> {
    const [directory] = await sections.read([DIRECTORY]);
    return new Containers(sections, directory as Directory);
  }

  /** Full id before name, as everywhere. */
  async find(ref: string): Promise<ContainerPart | undefined> {
    const { names, pages } = this.directory;
    const holding = FULL_ID.test(ref) ? pages.findLastIndex((first) => first <= ref) : -1;
    const byId = (await this.#partsOf(holding)).find(({ record }) => record.id === ref);
    const named = byId === undefined ? names.indexOf(ref) : -1;
    return byId ?? (await this.#partsOf(named === -1 ? -1 : Math.floor(named / PAGE))).find(({ record }) => record.name === ref);
  }

  async #partsOf(page: number): Promise<readonly ContainerPart[]> {
    if (page === -1) return [];
    const [parts] = await this.sections.read([FIRST_PAGE + page]);
    return partsOf(parts as Page);
  }
}

/** All containers of a whole snapshot and the difference to it, in the order in which they were made. */
function partsInOrder(layers: readonly (readonly unknown[])[]): readonly ContainerPart[] {
  const parts: (ContainerPart | undefined)[] = [];
  for (const sections of layers) {
    for (const rank of (sections[DIRECTORY] as Directory).removed) parts[rank] = undefined;
    for (const page of sections.slice(FIRST_PAGE)) {
      for (const part of partsOf(page as Page)) parts[part.rank] = part;
    }
  }
  return parts.filter((part) => part !== undefined);
}

function partsOf({ ranks, records, specs, execs }: Page): readonly ContainerPart[] {
  const bare = unfactor<Omit<ContainerPart['record'], 'spec'>>(records);
  return unfactor<ContainerPart['record']['spec']>(specs).map((spec, at) => ({
    rank: ranks[at] ?? 0,
    // As many as there are specs.
    record: { ...bare[at], spec } as ContainerPart['record'],
    execs: execs[at] ?? [],
  }));
}

function overlayMaps(state: State, maps: readonly SharedMap[], sections: readonly unknown[]): void {
  for (const [index, name] of maps.entries()) overlay(state[name] as Map<string, unknown>, sections[index] as MapPart);
}

function overlay(records: Map<string, unknown>, { keys, changed }: MapPart): void {
  if (keys === undefined) {
    for (const [key, record] of changed) records.set(key, record);
    return;
  }
  const before = new Map(records);
  const now = new Map(changed);
  records.clear();
  for (const key of keys) records.set(key, now.has(key) ? now.get(key) : before.get(key));
}
