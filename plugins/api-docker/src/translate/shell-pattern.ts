/** A shell pattern as a regular expression: `*` and `?` stop at slashes, `[…]` is a set. Undefined when a set is not closed. */
export function shellPattern(pattern: string): RegExp | undefined {
  const source = pattern.replaceAll(/\[\^?[^\]]+\]|[\s\S]/g, (part) => {
    if (part === '*') return '[^/]*';
    if (part === '?') return '[^/]';
    if (part.length > 1 && part.startsWith('[')) return `[${part.slice(1, -1).replaceAll(/[\\[\]]/g, String.raw`\$&`)}]`;
    return part.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`);
  });
  try {
    return new RegExp(`^${source}$`);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
