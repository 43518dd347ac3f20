import type { Input } from '../context.ts';

/** Hands every key to the process instead of interpreting it. Answers how to go back; without effect on what is no terminal. */
export function enterRawMode(stdin: Input): () => void {
  if (stdin.isTTY !== true || stdin.setRawMode === undefined) return () => undefined;
  stdin.setRawMode(true);
  const leave = (): void => {
    stdin.setRawMode?.(false);
    process.off('exit', leave);
  };
  // A terminal left raw is useless to its owner, also after an error of ours.
  process.on('exit', leave);
  return leave;
}
