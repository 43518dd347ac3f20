import { DEADLINE_MS, VERB_TABLES, type VerbKind, type VerbTable } from '@shiplog/contracts';
import { fenced, table } from './markdown.ts';

/** The families that have a verb table. */
export const VERB_KINDS = Object.keys(VERB_TABLES) as readonly VerbKind[];

interface Schema {
  readonly type?: string;
  readonly const?: unknown;
  readonly anyOf?: readonly Schema[];
  readonly items?: Schema;
  readonly properties?: { readonly [name: string]: Schema };
  readonly patternProperties?: { readonly [pattern: string]: Schema };
  readonly required?: readonly string[];
}

/** Every verb of a family: what it does, takes and answers, from the table that types, checks and wire are made of. */
export function verbReference(kind: VerbKind): string {
  const verbs: VerbTable = VERB_TABLES[kind];
  const rows = Object.entries(verbs).map(([name, { undo, deadlineMs = DEADLINE_MS }]) => [
    `[\`${name}\`](#${name.toLowerCase()})`,
    undo === undefined ? '' : `\`${undo}\``,
    `${deadlineMs / 1000} s`,
  ]);
  const parts = [table(['verb', 'undone by', 'deadline'], rows)];
  for (const [name, { doc, args, answer, capability }] of Object.entries(verbs)) {
    const only = capability === undefined ? '' : ` Only where the manifest has the capability \`${capability}\`.`;
    parts.push(`## ${name}`, `${doc}${only}`, `Takes \`${shape(args as Schema)}\`.`, `Answers \`${shape(answer as Schema)}\`.`);
    parts.push('JSON Schema of both:', fenced(`args   ${JSON.stringify(args)}\nanswer ${JSON.stringify(answer)}`, 'text'));
  }
  return parts.join('\n\n');
}

/** A schema as a type in short. */
function shape(schema: Schema): string {
  if (schema.const !== undefined) return JSON.stringify(schema.const);
  if (schema.anyOf !== undefined) return schema.anyOf.map(shape).join(' or ');
  if (schema.type === 'array') return `${schema.items === undefined ? 'any' : shape(schema.items)}[]`;
  if (schema.type !== 'object') return schema.type ?? 'any';
  const [mapped] = Object.values(schema.patternProperties ?? {});
  if (mapped !== undefined) return `{[name]: ${shape(mapped)}}`;
  const fields = Object.entries(schema.properties ?? {});
  if (fields.length === 0) return '{}';
  return `{${fields.map(([name, field]) => `${name}${schema.required?.includes(name) === true ? '' : '?'}: ${shape(field)}`).join(', ')}}`;
}
