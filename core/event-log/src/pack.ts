import type { Entry } from './recent.ts';

/** Events a segment holds at most. 32 is where packing stops paying: a reader parses them in one call. */
const MAX_EVENTS = 32;
/** Characters after which a segment is closed early, so that large events do not make huge values. */
const MAX_CHARACTERS = 256 * 1024;

/** Splits entries into the texts of one segment each. */
export function packs(entries: readonly Entry[]): readonly (readonly string[])[] {
  const packed: string[][] = [];
  let open: string[] = [];
  let characters = 0;
  for (const { text } of entries) {
    if (open.length === MAX_EVENTS || (open.length > 0 && characters + text.length > MAX_CHARACTERS)) {
      packed.push(open);
      open = [];
      characters = 0;
    }
    open.push(text);
    characters += text.length;
  }
  if (open.length > 0) packed.push(open);
  return packed;
}
