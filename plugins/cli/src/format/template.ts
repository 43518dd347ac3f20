import { UsageError } from '../cli-error.ts';

/** Prints one value by a template. */
export type Template = (value: unknown) => string;

const FUNCTIONS: { readonly [name: string]: (value: unknown) => string } = {
  json: (value) => JSON.stringify(value) ?? 'null',
  upper: (value) => textOf(value).toUpperCase(),
  lower: (value) => textOf(value).toLowerCase(),
  len: (value) => String(Array.isArray(value) || typeof value === 'string' ? value.length : Object.keys(Object(value)).length),
};

/**
 * Compiles the part of Go's text/template that people use on command lines: text, `{{.Field.Sub}}`, `{{.}}`,
 * `{{json .Field}}`, `{{upper .}}`, `{{lower .}}`, `{{len .}}`, `{{index .Field "key"}}`; `\t` and `\n` in the text. Throws UsageError for
 * anything else; the template throws it for a field that the value does not have.
 */
export function compileTemplate(source: string): Template {
  const parts: ((value: unknown) => string)[] = [];
  let last = 0;
  for (const match of source.matchAll(/\{\{\s*(.*?)\s*\}\}/g)) {
    const text = unescape(source.slice(last, match.index));
    parts.push(() => text, compileAction(match[1] ?? ''));
    last = match.index + match[0].length;
  }
  const rest = unescape(source.slice(last));
  parts.push(() => rest);
  return (value) => parts.map((part) => part(value)).join('');
}

function compileAction(action: string): (value: unknown) => string {
  const index = /^index\s+(\.\S*)\s+(?:"([^"]*)"|(\d+))$/.exec(action);
  if (index !== null) {
    const path = pathOf(index[1] ?? '.');
    const key = index[2] ?? index[3] ?? '';
    return (value) => textOf(Object(lookUp(value, path))[key] ?? '');
  }
  const call = /^(?:([a-z]+)\s+)?(\.\S*)$/.exec(action);
  const name = call?.[1];
  const show = name === undefined ? textOf : Object.hasOwn(FUNCTIONS, name) ? FUNCTIONS[name] : undefined;
  if (call === null || show === undefined || !/^\.(?:[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*)?$/.test(call[2] ?? '')) {
    throw new UsageError(
      `the template action {{${action}}} is not supported`,
      'use {{.Field}}, {{json .}}, upper, lower, len or index; or --format json and a program like jq',
    );
  }
  const path = pathOf(call[2] ?? '.');
  return (value) => show(lookUp(value, path));
}

function pathOf(text: string): readonly string[] {
  return text === '.' ? [] : text.slice(1).split('.');
}

function lookUp(value: unknown, path: readonly string[]): unknown {
  let at = value;
  for (const name of path) {
    if (typeof at !== 'object' || at === null) throw new UsageError(`there is no field .${path.join('.')}: nothing is below .${name}`);
    if (!Object.hasOwn(at, name)) {
      throw new UsageError(`there is no field .${path.join('.')}`, `here there are: ${Object.keys(at).join(', ')}`);
    }
    at = (at as { readonly [field: string]: unknown })[name];
  }
  return at;
}

function textOf(value: unknown): string {
  if (value === null || value === undefined) return '';
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}

function unescape(text: string): string {
  return text.replaceAll(String.raw`\t`, '\t').replaceAll(String.raw`\n`, '\n');
}
