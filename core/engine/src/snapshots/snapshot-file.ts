import type { ContainerRecord, ExecRecord } from '@shiplog/contracts';
import type { State } from '@shiplog/model';
import type { Factored } from './common-fields.ts';

/*
 * What the sections of a snapshot are, each a JSON text.
 *
 * A snapshot is whole, or the difference to a whole one: then it has the records that are others than there. Section 0 is the
 * directory; then there is one for each of SHARED_MAPS, and then pages of containers in order of their ids.
 */
export const DIRECTORY = 0;
export const FIRST_MAP = 1;

/** All of a state beside containers and their exec sessions, each with a section of its own. */
export const SHARED_MAPS = [
  'images',
  'networks',
  'volumes',
  'openOperations',
  'pending',
  'plugins',
] as const satisfies readonly (keyof State)[];

export type SharedMap = (typeof SHARED_MAPS)[number];

export const FIRST_PAGE = FIRST_MAP + SHARED_MAPS.length;
/** Containers of a page. Smaller ones would be read faster, and compress worse. */
export const PAGE = 16;

export interface Header {
  readonly seq: number;
  /** SHA-256, hex, of the canonical state. */
  readonly hash: string;
  /** Position of the whole snapshot that this is the difference to. */
  readonly base?: number;
}

/** Where which container is. Names are in order of ids, as the containers are; pages begin with these ids. */
export interface Directory {
  readonly names: readonly string[];
  readonly pages: readonly string[];
  /** Ranks of the base's containers that are gone. */
  readonly removed: readonly number[];
}

/** Containers with what is their own alone, one beside the other. */
export interface Page {
  /** Each one's place among all. */
  readonly ranks: readonly number[];
  /** Without their specs. */
  readonly records: Factored;
  readonly specs: Factored;
  readonly execs: readonly (readonly ExecRecord[])[];
}

/** A container with what is its own alone. */
export interface ContainerPart {
  readonly rank: number;
  readonly record: ContainerRecord;
  readonly execs: readonly ExecRecord[];
}

/** Records that are others than in the base, and all keys in order, unless they are the base's or there is none. */
export interface MapPart {
  readonly keys?: readonly string[];
  readonly changed: readonly (readonly [key: string, record: unknown])[];
}
