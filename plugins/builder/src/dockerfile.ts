import { ShiplogError } from '@shiplog/contracts';

/** One instruction of a Dockerfile, unexpanded. */
export interface Instruction {
  /** In capitals. */
  readonly keyword: string;
  /** By name, without dashes; '' for one without a value. */
  readonly flags: ReadonlyMap<string, string>;
  /** What comes behind the flags. */
  readonly rest: string;
  /** All of it on one line, as it is shown. */
  readonly text: string;
  /** Where it begins, from 1. */
  readonly line: number;
}

const KEYWORDS: ReadonlySet<string> = new Set([
  'ADD',
  'ARG',
  'CMD',
  'COPY',
  'ENTRYPOINT',
  'ENV',
  'EXPOSE',
  'FROM',
  'HEALTHCHECK',
  'LABEL',
  'MAINTAINER',
  'ONBUILD',
  'RUN',
  'SHELL',
  'STOPSIGNAL',
  'USER',
  'VOLUME',
  'WORKDIR',
]);

/** Flags that each instruction may have; others belong to BuildKit, or to nobody. */
const FLAGS: { readonly [keyword: string]: readonly string[] } = {
  ADD: ['chown'],
  COPY: ['chown', 'from'],
  FROM: ['platform'],
  HEALTHCHECK: ['interval', 'timeout', 'start-period', 'retries'],
};

const BUILDKIT_FLAGS: ReadonlySet<string> = new Set(['mount', 'network', 'security', 'chmod', 'link', 'parents', 'exclude', 'checksum']);

const LENGTH_LIMIT = 1024 * 1024;

/**
 * Reads a Dockerfile (Dockerfile reference, Format): parser directives, comments, continued lines, flags. Throws BUILD_INVALID with the line where an instruction is
 * unknown or its flags are.
 */
export function parseDockerfile(source: string, name = 'Dockerfile'): readonly Instruction[] {
  if (source.length > LENGTH_LIMIT) throw invalid(`the Dockerfile (${name}) is larger than ${LENGTH_LIMIT} characters`);
  const lines = source.replace(/^\uFEFF/, '').split(/\r?\n/);
  const continued = new RegExp(`${escapeOf(lines) === '`' ? '`' : '\\\\'}[ \\t]*$`);
  const instructions: Instruction[] = [];
  let text: string | undefined;
  let began = 0;
  let heredoc = false;
  const end = (): void => {
    if (text === undefined) return;
    const whole = text.trim();
    text = undefined;
    if (whole === '') return;
    instructions.push(instructionOf(whole, began, heredoc));
    heredoc ||= /<<-?\s*["']?[A-Za-z_]/.test(whole);
  };
  for (const [index, line] of lines.entries()) {
    // Within an instruction, too.
    if (/^\s*#/.test(line) || line.trim() === '') continue;
    if (text === undefined) began = index + 1;
    const goesOn = continued.test(line);
    text = (text ?? '') + (goesOn ? line.replace(continued, '') : line);
    if (!goesOn) end();
  }
  end();
  if (instructions.length === 0) throw invalid(`the Dockerfile (${name}) cannot be empty`);
  return instructions;
}

/** One instruction, as a trigger of an image has it. */
export function parseTrigger(text: string): Instruction {
  return instructionOf(text.trim(), 0, false);
}

/** What continues a line: `# escape=` at the top says so, among other directives. */
function escapeOf(lines: readonly string[]): string {
  for (const line of lines) {
    const [, key, value] = /^#\s*([a-zA-Z][\w-]*)\s*=\s*(\S+)\s*$/.exec(line) ?? [];
    if (key === undefined) return '\\';
    if (key.toLowerCase() !== 'escape') continue;
    if (value !== '`' && value !== '\\') throw invalid(`invalid ESCAPE '${value}'. Must be ' or \\`);
    return value;
  }
  return '\\';
}

function instructionOf(text: string, line: number, afterHeredoc: boolean): Instruction {
  const [, word = '', behind = ''] = /^(\S+)(?:\s+([\s\S]*))?$/.exec(text) ?? [];
  const keyword = word.toUpperCase();
  const where = line === 0 ? '' : `dockerfile parse error line ${line}: `;
  if (!KEYWORDS.has(keyword)) {
    const hint = afterHeredoc ? ' (heredocs are a part of BuildKit; join the lines with && instead)' : '';
    throw invalid(`${where}unknown instruction: ${keyword}${hint}`);
  }
  const flags = new Map<string, string>();
  let rest = behind;
  for (let match = FLAG.exec(rest); match !== null && takesFlags(keyword); match = FLAG.exec(rest)) {
    const [whole, flag = '', value = ''] = match;
    if (!(FLAGS[keyword] ?? []).includes(flag)) {
      if (BUILDKIT_FLAGS.has(flag)) throw invalid(`${where}the --${flag} option requires BuildKit, which this engine has not`);
      throw invalid(`${where}unknown flag: ${flag}`);
    }
    if (flags.has(flag)) throw invalid(`${where}duplicate flag specified: ${flag}`);
    flags.set(flag, value);
    rest = rest.slice(whole.length);
  }
  if (rest === '' && keyword !== 'CMD' && keyword !== 'ENTRYPOINT') throw invalid(`${where}${keyword} requires at least one argument`);
  return { keyword, flags, rest, text: `${keyword} ${behind}`.trimEnd(), line };
}

const FLAG = /^--([a-z][a-z-]*)(?:=(\S*))?(?:\s+|$)/;

/** Of others the words are their own, whatever they look like. */
function takesFlags(keyword: string): boolean {
  return FLAGS[keyword] !== undefined || keyword === 'RUN';
}

/** A Dockerfile that cannot be built. */
export function invalid(message: string, facts: { readonly [fact: string]: string | number } = {}): ShiplogError {
  return new ShiplogError('BUILD_INVALID', message, facts);
}
