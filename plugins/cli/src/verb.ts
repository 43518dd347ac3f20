import type { Context } from './context.ts';

/** What completion offers for a value. */
export type Completion = 'container' | 'running' | 'image' | 'network' | 'volume' | 'file' | readonly string[];

/** A flag that is there or not. */
export interface Switch {
  readonly type: 'switch';
  readonly short?: string;
  readonly help: string;
  /** On unless `--name=false`. */
  readonly on?: boolean;
}

/** A flag with a value. */
export interface Text {
  readonly type: 'text';
  readonly short?: string;
  readonly help: string;
  /** The value's name in help. */
  readonly value: string;
  readonly complete?: Completion;
}

/** A flag with a value that may repeat. */
export interface List extends Omit<Text, 'type'> {
  readonly type: 'list';
}

export type Option = Switch | Text | List;
export type Options = { readonly [name: string]: Option };

/** Values of a verb's options. A switch is false when absent, a text undefined, a list empty. */
export type Flags<O extends Options> = {
  readonly [N in keyof O]: O[N] extends Switch ? boolean : O[N] extends List ? readonly string[] : string | undefined;
};

/** Values before anybody knows their types. */
export type RawFlags = { readonly [name: string]: boolean | string | readonly string[] | undefined };

export interface Example {
  readonly command: string;
  readonly what: string;
}

/** What a verb says of itself: help, completion and the README's table are made of it. */
export interface VerbFacts {
  /** What follows the verb's name: `[OPTIONS] CONTAINER [CONTAINER...]`. */
  readonly usage: string;
  /** How many arguments: least and most. */
  readonly args: readonly [least: number, most: number];
  /** What its arguments name. */
  readonly complete?: Completion;
  /** Options end at the first argument: the rest belongs to the container's command. */
  readonly passThrough?: boolean;
  readonly details?: string;
  readonly examples: readonly Example[];
  /** Exit codes beyond 0 and 1, by code. */
  readonly exits?: { readonly [code: string]: string };
  /** Errors of the engine end it with 125, so that they cannot be taken for the process's own. */
  readonly runsProcess?: boolean;
}

/** A verb as the dispatcher knows it. */
export interface Verb extends VerbFacts {
  readonly options: Options;
  /** Resolves with the exit code. */
  run(context: Context, flags: RawFlags, args: readonly string[]): Promise<number>;
}

/** A verb as its file writes it: `run` gets its flags typed by `options`. */
export interface VerbDefinition<O extends Options> extends VerbFacts {
  readonly options: O;
  run(context: Context, flags: Flags<O>, args: readonly string[]): Promise<number>;
}

/** Keeps a verb's flag types inside its file. The dispatcher fills every flag according to `options`, which makes the cast true. */
export function defineVerb<const O extends Options>(definition: VerbDefinition<O>): Verb {
  return { ...definition, run: (context, flags, args) => definition.run(context, flags as Flags<O>, args) };
}

/** Keeps the literal types of an option table that several verbs share. */
export function defineOptions<const O extends Options>(options: O): O {
  return options;
}
