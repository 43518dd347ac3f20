import { ADJECTIVES, NOUNS } from './words.ts';

/** A free name of the form `adjective_noun` that follows from the id alone and from which names are taken. `id`: 64 hex digits. */
export function generateName(id: string, taken: (name: string) => boolean): string {
  for (let at = 0; at + 8 <= id.length; at += 8) {
    const name = nameFrom(Number.parseInt(id.slice(at, at + 8), 16));
    if (!taken(name)) return name;
  }
  return `${nameFrom(Number.parseInt(id.slice(0, 8), 16))}_${id.slice(0, 12)}`;
}

function nameFrom(bits: number): string {
  const adjective = ADJECTIVES[bits % ADJECTIVES.length];
  const noun = NOUNS[Math.floor(bits / ADJECTIVES.length) % NOUNS.length];
  return `${adjective}_${noun}`;
}
