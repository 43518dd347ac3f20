import { randomBytes } from 'node:crypto';
import { access, mkdir, rmdir } from 'node:fs/promises';
import { join } from 'node:path';
import { PROMISES, type Promised } from './explore.ts';
import { Lifetime } from './lifetime.ts';
import { namesOfCalls } from './names-of-calls.ts';

/** Where drivers of one stage leave traces: the stage looks at `directory`, and the drivers share `memory`. */
export interface Place {
  readonly directory: string;
  readonly memory: Map<string, unknown>;
}

/** A driver's verbs instead of the right ones. */
export type WrongVerbs = (right: object, place: Place) => object;

/** A driver that dies wrongly, for one check of the crash kit. */
export interface WrongCrash {
  /** What it does wrong, in the third person. */
  readonly does: string;
  readonly make: WrongVerbs;
}

type Verb = (args: unknown, ctx: unknown) => Promise<unknown>;

/**
 * For each check that {@link crashSuite} makes of `name` and `verbs`, a driver that this check fails for, made of a right one. `lost` is a
 * verb whose effect a reboot takes away.
 */
export function wrongCrashes(name: string, verbs: readonly string[], lost: string): { readonly [check: string]: WrongCrash } {
  const wrong: { [check: string]: WrongCrash } = {
    [`crash of ${name}: given any moment, when the host reboots, then another one tells nothing that is gone, does all again and undoes it`]:
      { does: `remembers over a reboot that ${lost} was done`, make: remembers(lost) },
  };
  for (const [index, which] of namesOfCalls(verbs).entries())
    for (const [promise, { does, make }] of Object.entries(WRONG) as [Promised, (typeof WRONG)[Promised]][])
      wrong[`crash of ${name}: given ${which}, ${PROMISES[promise]}`] = {
        does: `${does}, in ${verbs[index]}`,
        make: make(verbs[index] ?? ''),
      };
  return wrong;
}

const WRONG: { readonly [promise in Promised]: { readonly does: string; readonly make: (verb: string) => WrongVerbs } } = {
  look: {
    does: 'tells of what is half done',
    make: (verb) => (right, place) => ({
      ...around(
        verb,
        () => makeDirectory(join(place.directory, 'half')),
        () => rmdir(join(place.directory, 'half')),
      )(right, place),
      async observe() {
        const seen = (await verbOf(right, 'observe')(undefined, undefined)) as readonly object[];
        return (await isThere(join(place.directory, 'half'))) ? [...seen, { resource: 'thing', id: 'half' }] : seen;
      },
    }),
  },
  answer: {
    does: 'answers before all is done',
    make:
      (verb) =>
      (right, { directory, memory }) => ({
        async [verb](args: unknown, ctx: unknown) {
          const answer = await verbOf(right, verb)(args, ctx);
          const times = Number(memory.get('times') ?? 0) + 1;
          memory.set('times', times);
          // The rest would come a little later, for which there is no time where it is killed: said so, since a clock would be no proof.
          if (Lifetime.current === undefined) await makeDirectory(join(directory, `done-${verb}-${times}`));
          return answer;
        },
      }),
  },
  repeat: {
    does: 'takes what a dead one left for somebody else’s',
    make: (verb) => (right, place) =>
      around(
        verb,
        () => mkdir(join(place.directory, 'claim')),
        () => rmdir(join(place.directory, 'claim')),
      )(right, place),
  },
  undo: {
    does: 'works under a name that nobody finds again',
    make: (verb) => (right, place) => {
      const scratch = join(place.directory, randomBytes(8).toString('hex'));
      return around(
        verb,
        () => makeDirectory(scratch),
        () => rmdir(scratch),
      )(right, place);
    },
  },
};

function remembers(verb: string): WrongVerbs {
  return (right, { directory, memory }) => ({
    async [verb](args: unknown, ctx: unknown) {
      if (memory.has(verb)) return memory.get(verb);
      const answer = await verbOf(right, verb)(args, ctx);
      // Where the verb itself leaves nothing that a reboot takes.
      await makeDirectory(join(directory, 'mark'));
      memory.set(verb, answer);
      return answer;
    },
  });
}

/** The verb, with something done before and after it. */
function around(verb: string, before: () => Promise<unknown>, after: () => Promise<unknown>): WrongVerbs {
  return (right) => ({
    async [verb](args: unknown, ctx: unknown) {
      await before();
      const answer = await verbOf(right, verb)(args, ctx);
      await after();
      return answer;
    },
  });
}

function verbOf(driver: object, verb: string): Verb {
  const method: unknown = Reflect.get(driver, verb);
  if (typeof method !== 'function') throw new Error(`the driver has no verb ${verb}`);
  return (method as Verb).bind(driver);
}

async function makeDirectory(directory: string): Promise<void> {
  await mkdir(directory, { recursive: true });
}

function isThere(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
