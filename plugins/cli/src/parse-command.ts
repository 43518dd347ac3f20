import { parseArgs } from 'node:util';
import { UsageError } from './cli-error.ts';
import { nearest } from './nearest.ts';
import type { Option, Options, RawFlags } from './verb.ts';
import { zonedMoment } from './zoned-moment.ts';

/** What options are called that take a moment. */
const MOMENT = 'MOMENT';

/** A command line taken apart. `help`: it only asked for help. */
export interface ParsedCommand {
  readonly flags: RawFlags;
  readonly args: readonly string[];
  readonly help: boolean;
}

/**
 * Takes a verb's command line apart as Docker's clients do: `-it`, `-p80:80`, `-m 1g`, `--rm=false`, a value that begins with
 * a dash, `--` as the end of options. With `passThrough` options end at the first argument. Throws UsageError.
 */
export function parseCommand(options: Options, argv: readonly string[], passThrough: boolean): ParsedCommand {
  const { tokens, args, help } = normalise(options, argv, passThrough);
  if (help) return { flags: {}, args, help };
  const { values } = parseArgs({ args: tokens, options: Object.fromEntries(Object.entries(options).map(forParseArgs)) });
  const flags = Object.entries(options).map(([name, option]) => [name, flagValue(option, values[name])] as const);
  return { flags: Object.fromEntries(flags), args, help };
}

/** Switches travel as `--name=true`: node's own form of off, `--no-name`, would take `--no-trunc` apart. */
function forParseArgs([name, option]: [string, Option]): [string, { type: 'string'; multiple: boolean }] {
  return [name, { type: 'string', multiple: option.type === 'list' }];
}

function flagValue(option: Option, value: unknown): RawFlags[string] {
  if (option.type === 'switch') return value === undefined ? option.on === true : value === 'true';
  if (option.type === 'list') return Array.isArray(value) ? value.map(String) : [];
  if (typeof value !== 'string') return undefined;
  return option.value === MOMENT ? zonedMoment(value) : value;
}

/**
 * Writes every option in the one long form that parseArgs cannot misread: node takes `-m -1` for two options, and knows no
 * `--rm=false`.
 */
function normalise(
  options: Options,
  argv: readonly string[],
  passThrough: boolean,
): { readonly tokens: string[]; readonly args: string[]; readonly help: boolean } {
  const shorts = new Map(Object.entries(options).flatMap(([name, option]) => (option.short === undefined ? [] : [[option.short, name]])));
  const tokens: string[] = [];
  const args: string[] = [];
  const rest = [...argv];
  for (let word = rest.shift(); word !== undefined; word = rest.shift()) {
    if (word === '--') {
      args.push(...rest);
      break;
    }
    if (word === '--help' || (word === '-h' && !shorts.has('h'))) return { tokens, args, help: true };
    if (word.startsWith('--')) tokens.push(longOption(options, word, rest));
    else if (word.startsWith('-') && word.length > 1) tokens.push(...shortOptions(options, shorts, word, rest));
    else {
      args.push(word);
      if (passThrough) {
        args.push(...rest);
        break;
      }
    }
  }
  return { tokens, args, help: false };
}

function longOption(options: Options, word: string, rest: string[]): string {
  const equals = word.indexOf('=');
  const name = equals === -1 ? word.slice(2) : word.slice(2, equals);
  const option = Object.hasOwn(options, name) ? options[name] : undefined;
  if (option === undefined) {
    const close = nearest(name, Object.keys(options));
    throw new UsageError(`unknown option --${name}`, close === undefined ? undefined : `did you mean --${close}?`);
  }
  const given = equals === -1 ? undefined : word.slice(equals + 1);
  if (option.type === 'switch') return switchToken(name, given);
  return `--${name}=${given ?? valueOf(`--${name}`, option.value, rest)}`;
}

function shortOptions(
  options: Options,
  shorts: ReadonlyMap<string | undefined, string | undefined>,
  word: string,
  rest: string[],
): string[] {
  const tokens: string[] = [];
  for (let at = 1; at < word.length; at += 1) {
    const letter = word.charAt(at);
    const name = shorts.get(letter);
    const option = name === undefined ? undefined : options[name];
    if (name === undefined || option === undefined)
      throw new UsageError(`unknown option -${letter}${word.length > 2 ? ` in ${word}` : ''}`);
    const after = word.slice(at + 1);
    if (option.type !== 'switch') {
      const value = after === '' ? valueOf(`-${letter}`, option.value, rest) : after.replace(/^=/, '');
      return [...tokens, `--${name}=${value}`];
    }
    if (after.startsWith('=')) return [...tokens, switchToken(name, after.slice(1))];
    tokens.push(`--${name}=true`);
  }
  return tokens;
}

function switchToken(name: string, given: string | undefined): string {
  if (given === undefined || ['true', '1', 't'].includes(given)) return `--${name}=true`;
  if (['false', '0', 'f'].includes(given)) return `--${name}=false`;
  throw new UsageError(`--${name} is on or off: give --${name}=true or --${name}=false, not "${given}"`);
}

function valueOf(flag: string, valueName: string, rest: string[]): string {
  const value = rest.shift();
  if (value === undefined) throw new UsageError(`${flag} needs a value: ${flag} ${valueName}`);
  return value;
}
