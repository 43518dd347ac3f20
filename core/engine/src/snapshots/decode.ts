import { createState, type State } from '@shiplog/model';
import { unfactor } from './common-fields.ts';
import { Sections } from './sections.ts';
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
  state(): State {
    const state = this.shared(SHARED_MAPS);
    for (const { record, execs } of this.#parts()) {
      state.containers.set(record.id, record);
      for (const exec of execs) state.execs.set(exec.id, exec);
    }
    return state;
  }

  /** The last revision of each container's stream that is folded in, at least; by id. */
  revisions(): Map<string, number> {
    return new Map(this.#parts().map(({ record, rev }) => [record.id, rev]));
  }

  /** A state with some of the maps, and nothing else. */
  shared(maps: readonly SharedMap[]): State {
    const state = createState();
    state.seq = this.header.seq;
    for (const name of maps) {
      for (const sections of this.#layers())
        overlay(state[name] as Map<string, unknown>, sections.read<MapPart>(FIRST_MAP + SHARED_MAPS.indexOf(name)));
    }
    return state;
  }

  /** One container, by id or name; undefined if nothing is known of it here. */
  container(ref: string): ContainerPart | undefined {
    if (this.#difference === undefined) return findPart(this.#whole, ref, directoryOf(this.#whole));
    const directory = directoryOf(this.#difference);
    const changed = findPart(this.#difference, ref, directory);
    if (changed !== undefined) return changed;
    const part = findPart(this.#whole, ref, directoryOf(this.#whole));
    if (part === undefined || directory.removed.includes(part.rank)) return undefined;
    // It may have been renamed since: then it is among those that changed, by another name.
    return part.record.id === ref || findPart(this.#difference, part.record.id, directory) === undefined ? part : undefined;
  }

  #layers(): readonly Sections<Header>[] {
    return this.#difference === undefined ? [this.#whole] : [this.#whole, this.#difference];
  }

  /** All containers in the order in which they were made. */
  #parts(): readonly ContainerPart[] {
    const parts: (ContainerPart | undefined)[] = [];
    for (const sections of this.#layers()) {
      for (const rank of directoryOf(sections).removed) parts[rank] = undefined;
      for (let page = FIRST_PAGE; page < sections.count; page += 1) {
        for (const part of partsOf(sections, page)) parts[part.rank] = part;
      }
    }
    return parts.filter((part) => part !== undefined);
  }
}

function directoryOf(sections: Sections<Header>): Directory {
  return sections.read<Directory>(DIRECTORY);
}

/** Full id before name, as everywhere. */
function findPart(sections: Sections<Header>, ref: string, { names, pages }: Directory): ContainerPart | undefined {
  const partIn = (page: number, found: (part: ContainerPart) => boolean): ContainerPart | undefined =>
    page === -1 ? undefined : partsOf(sections, FIRST_PAGE + page).find(found);
  const byId = FULL_ID.test(ref)
    ? partIn(
        pages.findLastIndex((first) => first <= ref),
        ({ record }) => record.id === ref,
      )
    : undefined;
  const named = names.indexOf(ref);
  return byId ?? partIn(named === -1 ? -1 : Math.floor(named / PAGE), ({ record }) => record.name === ref);
}

function partsOf(sections: Sections<Header>, index: number): readonly ContainerPart[] {
  const { ranks, revisions, records, specs, execs } = sections.read<Page>(index);
  const bare = unfactor<Omit<ContainerPart['record'], 'spec'>>(records);
  return unfactor<ContainerPart['record']['spec']>(specs).map((spec, at) => ({
    rank: ranks[at] ?? 0,
    rev: revisions[at] ?? -1,
    // As many as there are specs.
    record: { ...bare[at], spec } as ContainerPart['record'],
    execs: execs[at] ?? [],
  }));
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
