import { type TypeCheck, TypeCompiler } from '@sinclair/typebox/compiler';
import type { TSchema } from '@sinclair/typebox';
import { ShiplogError } from '../errors.ts';
import { VERB_TABLES, type VerbKind } from './families.ts';
import type { VerbTable } from './verb.ts';

const compiled = new Map<string, TypeCheck<TSchema>>();

/** Throws REQUEST_INVALID, naming the field, unless `args` are what the verb takes. */
export function checkArgs(kind: VerbKind, verb: string, args: unknown): void {
  const problem = mismatch(kind, verb, 'args', args);
  if (problem !== undefined)
    throw new ShiplogError('REQUEST_INVALID', `the arguments of ${kind}.${verb} do not fit its contract: ${problem}`, { kind, verb });
}

/** Throws DRIVER_FAILED, naming the field, unless `answer` is what the verb answers. */
export function checkAnswer(kind: VerbKind, name: string, verb: string, answer: unknown): void {
  const problem = mismatch(kind, verb, 'answer', answer);
  if (problem !== undefined)
    throw new ShiplogError('DRIVER_FAILED', `driver ${kind}/${name} answered ${verb} with something else than its contract: ${problem}`, {
      kind,
      name,
      verb,
    });
}

/** Checkers are compiled on first use: about a millisecond each, then less than a microsecond a check. */
function mismatch(kind: VerbKind, verb: string, part: 'args' | 'answer', value: unknown): string | undefined {
  const key = `${kind}.${verb}.${part}`;
  let check = compiled.get(key);
  if (check === undefined) {
    const table: VerbTable = VERB_TABLES[kind];
    const found = table[verb];
    if (found === undefined) return `${kind} drivers have no verb ${verb}`;
    check = TypeCompiler.Compile(found[part]);
    compiled.set(key, check);
  }
  if (check.Check(value)) return undefined;
  const first = check.Errors(value).First();
  return first === undefined ? 'it does not fit' : `${first.path === '' ? 'it' : first.path}: ${first.message.toLowerCase()}`;
}
