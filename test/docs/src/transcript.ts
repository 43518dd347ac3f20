import { run } from '@shiplog/test-support';

/** A command of a page, and what the page says it prints. */
export interface Step {
  readonly command: string;
  readonly expected: readonly string[];
}

/** The commands of a page's `console` blocks: lines that begin with `$ `. What follows each is what it prints; `…` stands for anything. */
export function stepsOf(page: string): readonly Step[] {
  const steps: { command: string; expected: string[] }[] = [];
  for (const [, block = ''] of page.matchAll(/^```console\n([\s\S]*?)^```$/gm)) {
    for (const line of block.trimEnd().split('\n')) {
      if (line.startsWith('$ ')) steps.push({ command: line.slice(2), expected: [] });
      else steps.at(-1)?.expected.push(line);
    }
  }
  return steps;
}

/** Runs steps in a shell, one after the other, in one directory. Answers what was printed otherwise than the page says. */
export async function runSteps(
  steps: readonly Step[],
  options: { readonly cwd: string; readonly env: NodeJS.ProcessEnv },
): Promise<readonly string[]> {
  const wrong: string[] = [];
  for (const { command, expected } of steps) {
    const { stdout } = await run('sh', ['-c', `{ ${command}\n} 2>&1`], options);
    const printed = stdout.trimEnd().split('\n');
    const fits =
      expected.length === 0
        ? stdout === ''
        : printed.length === expected.length && expected.every((line, at) => pattern(line).test(printed[at] ?? ''));
    if (!fits) wrong.push(`$ ${command}\n${stdout}\ninstead of\n${expected.join('\n')}`);
  }
  return wrong;
}

function pattern(line: string): RegExp {
  return new RegExp(
    `^${line
      .split('…')
      .map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'))
      .join('.*')}$`,
    's',
  );
}
