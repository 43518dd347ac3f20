import { tmpdir } from 'node:os';
import { nameless } from '../crash/world.ts';

/**
 * Names in command lines that are other ones each time: of sockets at which programs meet, and of processes. Who is started without this
 * process's environment makes them in /tmp.
 */
const PASSING = new RegExp(`(?:${tmpdir()}|/tmp)/\\S+|\\b\\d{3,}\\b`, 'g');

/** A command line as it is each time. `varying`: as of a stage; these come first, for an id may have no letter in it. */
export function plainCommand(command: string, varying: readonly string[]): string {
  return nameless({ varying }, command).replaceAll(PASSING, 'PASSING');
}
