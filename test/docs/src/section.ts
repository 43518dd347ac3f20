/** A part of a page that is made, not written. It stands between two marks that readers do not see. */
export interface Section {
  /** From the top of the repository. */
  readonly page: string;
  readonly name: string;
  /** What stands between the marks. */
  make(): Promise<string>;
}

const begin = (name: string): string => `<!-- made: ${name} -->`;
const end = (name: string): string => `<!-- end: ${name} -->`;

/** What stands between a section's marks now. Throws if the page has no such marks. */
export function sectionOf(text: string, name: string): string {
  const [from, to] = bounds(text, name);
  return text.slice(from, to).trim();
}

/** The page with the section replaced. */
export function replaceSection(text: string, name: string, body: string): string {
  const [from, to] = bounds(text, name);
  return `${text.slice(0, from)}\n\n${body.trim()}\n\n${text.slice(to)}`;
}

function bounds(text: string, name: string): readonly [number, number] {
  const [from, to] = [text.indexOf(begin(name)), text.indexOf(end(name))];
  if (from < 0 || to < from) throw new Error(`the page has no marks ${begin(name)} and ${end(name)}`);
  return [from + begin(name).length, to];
}
