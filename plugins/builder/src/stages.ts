import { type Instruction, invalid } from './dockerfile.ts';

/** A stage: one FROM and what comes behind it. */
export interface Stage {
  readonly from: Instruction;
  /** As FROM has it, unexpanded. */
  readonly base: string;
  /** In small letters; '' for none. */
  readonly name: string;
  readonly steps: readonly Instruction[];
}

/** What a Dockerfile says, up to the stage that is wanted. */
export interface Plan {
  /** ARGs before the first FROM. */
  readonly globals: readonly Instruction[];
  readonly stages: readonly Stage[];
}

/** Puts instructions into stages. Throws BUILD_INVALID for what comes before the first one, and a target that is none. */
export function planOf(instructions: readonly Instruction[], target?: string): Plan {
  const globals: Instruction[] = [];
  const stages: (Stage & { readonly steps: Instruction[] })[] = [];
  for (const instruction of instructions) {
    const stage = stages.at(-1);
    if (instruction.keyword === 'FROM') stages.push({ from: instruction, ...stageNameOf(instruction), steps: [] });
    else if (stage !== undefined) stage.steps.push(instruction);
    else if (instruction.keyword === 'ARG') globals.push(instruction);
    else throw invalid(`dockerfile parse error line ${instruction.line}: no build stage in current context`);
  }
  if (stages.length === 0) throw invalid('no build stage in current context');
  if (target === undefined || target === '') return { globals, stages };
  const wanted = stages.findIndex(({ name }, index) => name === target.toLowerCase() || String(index) === target);
  if (wanted < 0) throw invalid(`failed to reach build target ${target} in Dockerfile`, { target });
  return { globals, stages: stages.slice(0, wanted + 1) };
}

function stageNameOf({ rest, line }: Instruction): Pick<Stage, 'base' | 'name'> {
  const words = rest.split(/\s+/);
  const [base = '', as, name = ''] = words;
  if (words.length === 1) return { base, name: '' };
  if (words.length !== 3 || as?.toLowerCase() !== 'as')
    throw invalid(`dockerfile parse error line ${line}: FROM requires either one or three arguments`);
  if (!/^[a-z][a-z0-9-_.]*$/i.test(name))
    throw invalid(
      `dockerfile parse error line ${line}: invalid name for build stage: "${name}", name can't start with a number or contain symbols`,
    );
  return { base, name: name.toLowerCase() };
}
