/** An escape of half a character, such as `\ud800`: lone ones have no form in UTF-8. */
const SURROGATE = /\\u[dD][89a-fA-F]/;

/**
 * Reads JSON that somebody sent. Halves of characters become U+FFFD, as Go has it: events with such a half would be exports that jq, Go and others
 * refuse. Throws SyntaxError; RangeError for what is nested too deeply.
 */
export function parseJson(text: string): unknown {
  const value: unknown = JSON.parse(text);
  return SURROGATE.test(text) ? wellFormed(value) : value;
}

function wellFormed(value: unknown): unknown {
  if (typeof value === 'string') return value.toWellFormed();
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map(wellFormed);
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key.toWellFormed(), wellFormed(item)]));
}
