import { type ImageRunConfig, ShiplogError } from '@shiplog/contracts';
import { mergeEnv } from './environment.ts';
import { shellWord, shellWords, type Variables } from './shell-words.ts';
import { workingDirectory } from './working-directory.ts';

/** A run config as it is written into a config blob. */
export type ChangedConfig = ImageRunConfig;

const PORT_LIMIT = 65_535;
// A word with its quotes and escapes, and what comes behind it.
const FIRST_WORD = /^((?:"(?:\\.|[^"\\])*"|'[^']*'|\\.|[^\s"'\\])+)(?:\s+([\s\S]+))?$/;

/**
 * Applies Dockerfile instructions (CMD, ENTRYPOINT, ENV, EXPOSE, LABEL, ONBUILD, STOPSIGNAL, USER, VOLUME, WORKDIR) to a run
 * config, in order. Variables are those of the config, over `others`. Throws REQUEST_INVALID for another instruction or arguments that cannot be read.
 */
export function applyChanges(config: ChangedConfig, changes: readonly string[], others: Variables = new Map()): ChangedConfig {
  return changes.filter((line) => line.trim() !== '').reduce((before, line) => applyChange(before, line, others), config);
}

function applyChange(config: ChangedConfig, line: string, others: Variables): ChangedConfig {
  const match = /^\s*([A-Za-z]+)(?:\s+([\s\S]*\S))?\s*$/.exec(line);
  const instruction = (match?.[1] ?? '').toUpperCase();
  const rest = match?.[2] ?? '';
  if (match === null || rest === '') throw invalid(`${instruction === '' ? line : instruction} requires at least one argument`, line);
  const variables = new Map([...others, ...variablesOf(config)]);
  const words = (): readonly string[] => shellWords(rest, variables);
  const one = (): string => {
    const [word, ...more] = words();
    if (word === undefined || more.length > 0) throw invalid(`${instruction} requires exactly one argument`, line);
    return word;
  };
  switch (instruction) {
    case 'CMD':
      return { ...config, Cmd: command(rest, config) };
    case 'ENTRYPOINT':
      return { ...config, Entrypoint: command(rest, config) };
    case 'ENV':
      return {
        ...config,
        Env: mergeEnv(
          config.Env ?? [],
          pairs(rest, variables, instruction, line).map(([name, value]) => `${name}=${value}`),
        ),
      };
    case 'LABEL':
      return { ...config, Labels: { ...config.Labels, ...Object.fromEntries(pairs(rest, variables, instruction, line)) } };
    case 'EXPOSE':
      return { ...config, ExposedPorts: { ...config.ExposedPorts, ...setOf(words().flatMap((word) => ports(word, line))) } };
    case 'VOLUME':
      return {
        ...config,
        Volumes: { ...config.Volumes, ...setOf(instructionWords(rest)?.map((word) => shellWord(word, variables)) ?? words()) },
      };
    case 'USER':
      return { ...config, User: one() };
    case 'STOPSIGNAL':
      return { ...config, StopSignal: one() };
    case 'WORKDIR':
      return { ...config, WorkingDir: directory(config.WorkingDir ?? '', one()) };
    case 'ONBUILD':
      return { ...config, OnBuild: [...(config.OnBuild ?? []), trigger(rest, line)] };
    default:
      throw invalid(`${instruction} is not a valid change command`, line);
  }
}

/** The exec form is a JSON list of strings; anything else is a line for the shell. */
function command(rest: string, config: ChangedConfig): readonly string[] {
  return instructionWords(rest) ?? [...(config.Shell ?? ['/bin/sh', '-c']), rest];
}

/** The words of an exec form, a JSON list of strings; undefined for any other text. */
export function instructionWords(text: string): readonly string[] | undefined {
  if (!text.startsWith('[')) return undefined;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    // A line for the shell may begin with a bracket too.
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
  return Array.isArray(value) && value.every((word): word is string => typeof word === 'string') ? value : undefined;
}

/** `NAME=value NAME=value …`, or the old form `NAME value to the end`. */
function pairs(rest: string, variables: Variables, instruction: string, line: string): readonly (readonly [string, string])[] {
  const [, first = '', others] = FIRST_WORD.exec(rest) ?? [];
  if (others !== undefined && !first.includes('=')) return [[shellWord(first, variables), shellWord(others, variables)]];
  const words = shellWords(rest, variables);
  return words.map((word) => {
    const equals = word.indexOf('=');
    if (equals < 1) throw invalid(`${instruction} must have the form NAME=value`, line);
    return [word.slice(0, equals), word.slice(equals + 1)];
  });
}

/** `80`, `53/udp` or `8000-8010/tcp` as single ports with a protocol. */
function ports(word: string, line: string): readonly string[] {
  const match = /^([0-9]{1,5})(?:-([0-9]{1,5}))?(?:\/(tcp|udp|sctp))?$/i.exec(word);
  const first = Number(match?.[1]);
  const last = Number(match?.[2] ?? match?.[1]);
  if (match === null || first < 1 || last < first || last > PORT_LIMIT) throw invalid(`invalid containerPort: ${word}`, line);
  const protocol = (match[3] ?? 'tcp').toLowerCase();
  return Array.from({ length: last - first + 1 }, (_, at) => `${first + at}/${protocol}`);
}

/** A relative directory counts from the one before. */
function directory(before: string, given: string): string {
  return workingDirectory({ workingDir: given.startsWith('/') ? given : `${before}/${given}` }, {});
}

function trigger(rest: string, line: string): string {
  const [word = ''] = rest.split(/\s/, 1);
  if (/^(ONBUILD|FROM|MAINTAINER)$/i.test(word)) throw invalid(`${word.toUpperCase()} isn't allowed as an ONBUILD trigger`, line);
  return rest;
}

function variablesOf(config: ChangedConfig): Variables {
  return new Map((config.Env ?? []).map((entry) => [entry.slice(0, entry.indexOf('=')), entry.slice(entry.indexOf('=') + 1)]));
}

function setOf(names: readonly string[]): { readonly [name: string]: object } {
  return Object.fromEntries(names.map((name) => [name, {}]));
}

function invalid(message: string, line: string): ShiplogError {
  return new ShiplogError('REQUEST_INVALID', message, { change: line });
}
