import type { BuildStep, ImageRunConfig } from '@shiplog/contracts';
import { applyChanges, instructionWords, shellWords, type Variables } from '@shiplog/oci';
import { type Instruction, invalid } from './dockerfile.ts';
import { healthcheckOf } from './healthcheck.ts';

/** What an instruction is read with. */
export interface Surroundings {
  /** Of the image so far. */
  readonly config: ImageRunConfig;
  /** Build arguments; variables of the image come before them. */
  readonly args: Variables;
  /** A CMD came before in this stage. */
  readonly hasCommand: boolean;
}

/** How a step that runs nothing is called in a history. */
export function nopOf({ Shell = ['/bin/sh', '-c'] }: ImageRunConfig): string {
  return `${Shell.join(' ')} #(nop) `;
}

/** What an instruction that changes the configuration alone makes of an image; undefined for any other. Throws BUILD_INVALID or REQUEST_INVALID. */
export function metadataStep(instruction: Instruction, { config, args, hasCommand }: Surroundings): BuildStep | undefined {
  const { keyword, rest } = instruction;
  const changed = (): ImageRunConfig => applyChanges(config, [`${keyword} ${rest}`], args);
  const step = (text: string, fields: ImageRunConfig): BuildStep => ({ createdBy: `${nopOf(config)} ${keyword} ${text}`, config: fields });
  switch (keyword) {
    case 'ENV': {
      const env = applyChanges({}, [`ENV ${rest}`], new Map([...args, ...variablesOf(config)])).Env ?? [];
      return { createdBy: `${nopOf(config)} ENV`, env };
    }
    case 'LABEL': {
      const labels = applyChanges({}, [`LABEL ${rest}`], new Map([...args, ...variablesOf(config)])).Labels ?? {};
      return labelStep(labels, config);
    }
    case 'CMD': {
      const { Cmd = [] } = rest === '' ? { Cmd: [] } : changed();
      return step(quoted(Cmd), { Cmd });
    }
    case 'ENTRYPOINT': {
      const { Entrypoint = [] } = rest === '' ? { Entrypoint: [] } : changed();
      // Arguments of another entrypoint mean nothing to this one.
      return step(quoted(Entrypoint), hasCommand ? { Entrypoint } : { Entrypoint, Cmd: null });
    }
    case 'EXPOSE':
      return step(words(rest, config, args).join(' '), { ExposedPorts: changed().ExposedPorts ?? {} });
    case 'VOLUME': {
      const paths = instructionWords(rest) ?? words(rest, config, args);
      if (paths.some((path) => path.trim() === '')) throw invalid('VOLUME specified can not be an empty string');
      return step(`[${paths.join(' ')}]`, { Volumes: changed().Volumes ?? {} });
    }
    case 'USER': {
      const { User = '' } = changed();
      return step(User, { User });
    }
    case 'STOPSIGNAL': {
      const { StopSignal = '' } = changed();
      return step(StopSignal, { StopSignal });
    }
    case 'ONBUILD': {
      const triggers = applyChanges({ OnBuild: config.OnBuild ?? [] }, [`ONBUILD ${rest}`]).OnBuild ?? [];
      return step(rest, { OnBuild: triggers });
    }
    case 'SHELL': {
      const shell = instructionWords(rest);
      if (shell === undefined || shell.length === 0) throw invalid('SHELL requires the arguments to be in JSON form');
      return step(`[${shell.join(' ')}]`, { Shell: shell });
    }
    case 'HEALTHCHECK': {
      const check = healthcheckOf(instruction);
      return step(instruction.text.slice('HEALTHCHECK '.length), { Healthcheck: check });
    }
    default:
      return undefined;
  }
}

/** Labels, over those that are there. */
export function labelStep(labels: { readonly [name: string]: string }, config: ImageRunConfig): BuildStep {
  const text = Object.entries(labels).map(([name, value]) => `${name}=${value}`);
  return { createdBy: `${nopOf(config)} LABEL ${text.join(' ')}`, config: { Labels: { ...config.Labels, ...labels } } };
}

/** Variables of an image by name. */
export function variablesOf({ Env = [] }: ImageRunConfig): Variables {
  return new Map(Env.map((entry) => [entry.slice(0, entry.indexOf('=')), entry.slice(entry.indexOf('=') + 1)]));
}

function words(rest: string, config: ImageRunConfig, args: Variables): readonly string[] {
  return shellWords(rest, new Map([...args, ...variablesOf(config)]));
}

/** A list of words as Docker's histories have it. */
function quoted(list: readonly string[] | null): string {
  return `[${(list ?? []).map((word) => JSON.stringify(word)).join(' ')}]`;
}
