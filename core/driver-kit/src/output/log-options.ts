import { type LogSubject, ShiplogError, sizeBytes } from '@shiplog/contracts';
import { parseTag } from './log-tag.ts';

type Options = { readonly [option: string]: string };

/** Options that every log driver of Docker's has, for a manifest. */
export const COMMON_LOG_OPTIONS = {
  mode: { doc: 'blocking (nothing is dropped) or non-blocking.' },
  'max-buffer-size': { doc: 'With mode=non-blocking: bytes that may wait for a destination that fails.' },
};
/** Options that choose what is attached to every record, for a manifest. */
export const ATTRIBUTE_OPTIONS = {
  labels: { doc: 'Labels to attach to each record, comma-separated.' },
  'labels-regex': { doc: 'Labels to attach, by a regular expression.' },
  env: { doc: 'Environment variables to attach, comma-separated.' },
  'env-regex': { doc: 'Environment variables to attach, by a regular expression.' },
  tag: { doc: 'A tag, with markup such as {{.Name}}.' },
};
const DEFAULT_BUFFER = 1 << 20;

/**
 * Refuses SPEC_INVALID, in Docker's words, for options that are not among `known`, and for values of the common ones that
 * make no sense. Each driver checks the values of its own.
 */
export function checkLogOptions(driver: string, options: Options, known: readonly string[]): void {
  const mode = options.mode ?? '';
  if (!['', 'blocking', 'non-blocking'].includes(mode)) throw invalid(`logger: logging mode not supported: ${mode}`);
  const buffer = options['max-buffer-size'];
  if (buffer !== undefined) {
    if (mode !== 'non-blocking') throw invalid("logger: max-buffer-size option is only supported with 'mode=non-blocking'");
    sizeOption(options, 'max-buffer-size', 0);
  }
  for (const option of Object.keys(options)) {
    if (!(option in COMMON_LOG_OPTIONS) && !known.includes(option)) throw invalid(`unknown log opt '${option}' for ${driver} log driver`);
  }
  for (const option of ['labels-regex', 'env-regex']) regexOption(options, option);
  if (options.tag !== undefined) parseTag(options.tag);
}

/** Bytes that may wait before the oldest are dropped: `mode=non-blocking` with its `max-buffer-size`. Undefined: none are. */
export function bufferLimit(options: Options): number | undefined {
  return options.mode === 'non-blocking' ? sizeOption(options, 'max-buffer-size', DEFAULT_BUFFER) : undefined;
}

/** A size with a unit (`10m`, `1.5GiB`; powers of 1024) as bytes. Throws SPEC_INVALID. */
export function sizeOption(options: Options, name: string, fallback: number): number {
  const text = options[name];
  if (text === undefined || text === '') return fallback;
  const bytes = sizeBytes(text);
  if (bytes === undefined) throw invalid(`error parsing option ${name}: invalid size: '${text}'`);
  return bytes;
}

/** A whole number, at least `least`. Throws SPEC_INVALID. */
export function countOption(options: Options, name: string, fallback: number, least: number): number {
  const text = options[name];
  if (text === undefined || text === '') return fallback;
  if (!/^-?\d{1,9}$/.test(text)) throw invalid(`invalid value for ${name}: "${text}" is no whole number`);
  if (Number(text) < least) throw invalid(`${name} cannot be less than ${least}`);
  return Number(text);
}

/** `true` or `false`, in any of Go's spellings. Throws SPEC_INVALID. */
export function flagOption(options: Options, name: string, fallback: boolean): boolean {
  const text = options[name];
  if (text === undefined || text === '') return fallback;
  if (['1', 't', 'T', 'true', 'TRUE', 'True'].includes(text)) return true;
  if (['0', 'f', 'F', 'false', 'FALSE', 'False'].includes(text)) return false;
  throw invalid(`invalid value for ${name}: "${text}"; use true or false`);
}

/** A duration in Go's form (`1s`, `1m30s`, `250ms`) as milliseconds. Throws SPEC_INVALID. */
export function durationOption(options: Options, name: string, fallback: number): number {
  const text = options[name];
  if (text === undefined || text === '') return fallback;
  const units = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };
  if (!/^(\d+(\.\d+)?(ms|s|m|h))+$/.test(text)) throw invalid(`invalid value for ${name}: invalid duration "${text}"`);
  let sum = 0;
  for (const [, number, unit] of text.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h)/g)) sum += Number(number) * units[unit as keyof typeof units];
  return sum;
}

/** What the options `labels`, `labels-regex`, `env` and `env-regex` choose of the container. */
export function attributesOf(options: Options, subject: LogSubject): { readonly [name: string]: string } {
  const chosen: Record<string, string> = {};
  const choose = (from: { readonly [name: string]: string }, names: string | undefined, regex: RegExp | undefined): void => {
    for (const name of names?.split(',') ?? []) {
      const value = from[name];
      if (value !== undefined) chosen[name] = value;
    }
    for (const [name, value] of Object.entries(from)) if (regex?.test(name) === true) chosen[name] = value;
  };
  choose(subject.labels, options.labels, regexOption(options, 'labels-regex'));
  choose(subject.env, options.env, regexOption(options, 'env-regex'));
  return chosen;
}

function regexOption(options: Options, name: string): RegExp | undefined {
  const text = options[name];
  if (text === undefined || text === '') return undefined;
  try {
    return new RegExp(text);
  } catch (error) {
    throw new ShiplogError('SPEC_INVALID', `${name} is no regular expression: ${text}`, { option: name }, { cause: error });
  }
}

function invalid(message: string): ShiplogError {
  return new ShiplogError('SPEC_INVALID', message);
}
