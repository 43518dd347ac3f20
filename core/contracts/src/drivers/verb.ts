import { type Static, type TObject, type TSchema, Type } from '@sinclair/typebox';
import type { OperationContext } from './context.ts';

export type { OperationContext } from './context.ts';

/** Milliseconds a driver has for a verb that says nothing of its own. */
export const DEADLINE_MS = 60_000;

/**
 * One verb of a driver family. Arguments arrive validated against `args`; the answer is plain data that fits `answer`.
 *
 * Every verb is repeatable: success describes the world, not the call. `undo` names the verb that takes it back; an undo
 * succeeds when there is nothing to undo.
 */
export interface Verb<A extends TObject = TObject, R extends TSchema = TSchema> {
  readonly args: A;
  readonly answer: R;
  readonly undo?: string;
  readonly doc: string;
  /** Only drivers whose manifest has this capability need the verb, and only they are asked for it. */
  readonly capability?: string;
  /** Milliseconds before the call fails DEADLINE_EXCEEDED; {@link DEADLINE_MS} if absent. A driver's manifest may say otherwise. */
  readonly deadlineMs?: number;
  /** What a driver for which all goes well would have answered, purely. Absent: `{}`. */
  simulate?(args: Static<A>): Static<R>;
}

/** The verbs of a family, by name: one table for types, JSON Schema, wire form, docs and the conformance kit. */
export type VerbTable = { readonly [verb: string]: Verb };

/** The methods a driver class implements for a verb table. `ctx` carries deadline, cancellation and the operation id. */
export type VerbsOf<T extends VerbTable> = {
  readonly [V in keyof T]: (args: Static<T[V]['args']>, ctx: OperationContext) => Promise<Static<T[V]['answer']>>;
};

/** Something of a driver's own that it found on this host. `id` is the id the engine gave when it was made. */
export interface Observed {
  readonly resource: string;
  readonly id: string;
  /** What it belongs to, where `id` alone does not say. */
  readonly of?: string;
}

/** What every driver of every family can do. */
export interface DriverBase {
  /** What of mine exists on this host now? Reads only; feeds recovery, adoption after a reload, and drift. */
  observe(): Promise<readonly Observed[]>;
}

/** Keeps the literal types of a verb. */
export function verb<A extends TObject, R extends TSchema>(v: Verb<A, R>): Verb<A, R> {
  return v;
}

/** Answer of a verb that has nothing to say but that the world is now so. */
export const Done = Type.Object({}, { additionalProperties: false });

/** A resource id chosen by the engine: letters, digits, `_ . : -`; safe in a file name. */
export const ResourceId = Type.String({ pattern: '^[a-zA-Z0-9][a-zA-Z0-9_.:-]{0,254}$' });

/** An absolute, clean path on the host. */
export const HostPath = Type.String({ pattern: '^/' });

export const Mapping = Type.Record(Type.String(), Type.String());
