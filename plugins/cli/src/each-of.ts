import { type Context, note } from './context.ts';
import { EXIT } from './exit-codes.ts';
import { explain } from './explain.ts';
import { printableLines } from './format/printable.ts';

/** Does the same for every name, goes on after a failure, tells each. Resolves with 1 if one failed. */
export async function eachOf(
  context: Context,
  verb: string,
  names: readonly string[],
  act: (name: string) => Promise<void>,
): Promise<number> {
  let code: number = EXIT.ok;
  for (const name of names) {
    try {
      await act(name);
    } catch (error) {
      const { message, hint, exitCode } = explain(error, verb, false);
      note(context, `shiplog: ${printableLines(message)}`);
      if (hint !== undefined) note(context, hint);
      // Without an engine the next one fails just the same.
      if (error instanceof Error && error.name === 'UnreachableError') return exitCode;
      code = EXIT.failed;
    }
  }
  return code;
}
