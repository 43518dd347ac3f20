import { ShiplogError } from '@shiplog/contracts';
import type { Fields } from '../http/fields.ts';

/** A container's configuration, as a commit's body has it, as Dockerfile instructions. What no image has (a hostname, a terminal) is passed over. */
export function instructionsOf(config: Fields): readonly string[] {
  const text = (instruction: string, field: string): readonly string[] => {
    const value = config.string(field);
    return value === '' ? [] : [`${instruction} ${quoted(value)}`];
  };
  const list = (instruction: string, words: readonly string[] | undefined): readonly string[] =>
    words === undefined || words.length === 0 ? [] : [`${instruction} ${JSON.stringify(words)}`];
  return [
    ...text('USER', 'User'),
    ...text('WORKDIR', 'WorkingDir'),
    ...text('STOPSIGNAL', 'StopSignal'),
    ...config.strings('Env').map(environment),
    ...Object.entries(config.map('Labels')).map(([name, value]) => `LABEL ${quoted(name)}=${quoted(value)}`),
    ...config.keys('ExposedPorts').map((port) => `EXPOSE ${quoted(port)}`),
    ...list('VOLUME', config.keys('Volumes')),
    ...list('ENTRYPOINT', config.words('Entrypoint')),
    ...list('CMD', config.words('Cmd')),
    ...config.strings('OnBuild').map((trigger) => `ONBUILD ${trigger}`),
  ];
}

function environment(entry: string): string {
  const equals = entry.indexOf('=', 1);
  if (equals < 0) throw new ShiplogError('REQUEST_INVALID', `invalid environment variable: ${entry.slice(0, 1) === '=' ? '=' : entry}`);
  return `ENV ${quoted(entry.slice(0, equals))}=${quoted(entry.slice(equals + 1))}`;
}

/** As a word that stands for itself. */
function quoted(word: string): string {
  return /^[\w./:-]+$/.test(word) ? word : `"${word.replaceAll(/["$\\]/g, '\\$&')}"`;
}
