/** The word most like `word`, if one is at most two edits away; for "did you mean". Among equals the one that `word` begins. */
export function nearest(word: string, words: readonly string[]): string | undefined {
  let best: string | undefined;
  let least = Math.min(3, word.length);
  for (const candidate of words) {
    const edits = distance(word, candidate);
    if (edits < least || (edits === least && best?.startsWith(word) === false && candidate.startsWith(word)))
      [best, least] = [candidate, edits];
  }
  return best;
}

/** Levenshtein's distance. */
function distance(a: string, b: string): number {
  let previous = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i += 1) {
    const current = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const replaced = (previous[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      current.push(Math.min(replaced, (previous[j] ?? 0) + 1, (current[j - 1] ?? 0) + 1));
    }
    previous = current;
  }
  return previous[b.length] ?? 0;
}
