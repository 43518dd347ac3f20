import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { btrfsImage, busyboxArchive, busyboxLayout, freeSubnet, run, temporaryDirectory, TestRegistry } from '@shiplog/test-support';
import type { Moment } from './death.ts';
import type { Errand, Told } from './errand.ts';
import { CONFLIST, IMAGE } from './scenes.ts';
import type { Shelf } from './shelf.ts';
import type { Verb } from './verbs.ts';
import { VolumePlugin } from './volume-plugin.ts';

const VICTIM = fileURLToPath(new URL('./victim.script.js', import.meta.url));

/** About how many calls of drivers a recovery makes. One that comes to its end before it dies is one more recovery. */
const RECOVERY_CALLS = 12;
/** Of engines that recovered, every how many is killed for it, where not all are. */
const SECOND_RECOVERIES = 3;

/** One engine that was killed, and what was not as it should be afterwards. */
export interface Killed {
  readonly shelf: string;
  readonly verb: Verb;
  /** Absent: after the outcome. */
  readonly moment?: Moment;
  /** False where this run did not come to that call: a reactor was faster, or slower. */
  readonly reached: boolean;
  readonly problems: readonly string[];
}

export interface Options {
  readonly shelf: Shelf;
  readonly verbs: readonly Verb[];
  /**
   * Before every call as well: where calls follow each other, that is the moment after the one before; and at calls that a verb makes again, not
   * at the first of a name alone. Another engine dies in the recovery, each time at another call, and each one that recovered is killed then: what
   * starts after it must have nothing to do. Otherwise that is so for some, and others go on with the next verb.
   */
  readonly thorough?: boolean;
  /** Which calls of drivers are of interest; all if absent. */
  readonly calls?: RegExp;
  /** See {@link Errand.ignored}. */
  readonly ignored?: string;
  readonly progress?: (killed: Killed) => void;
  /** When it is aborted, no more engines are killed, and its reason is thrown. */
  readonly signal?: AbortSignal;
}

/**
 * Kills an engine with the shelf's drivers around driver calls of every verb. Each time the next engine must find log and reality in
 * agreement, the one after it must have nothing to do, and when all that the verb made is removed nothing may be left.
 */
export async function killEverywhere(options: Options): Promise<readonly Killed[]> {
  const { shelf, verbs, thorough = false, calls: wanted = /./, progress, signal } = options;
  await using stage = await Stage.open(options);
  await stage.settle(verbs);
  const all: Killed[] = [];
  const kill = async (verb: Verb, moment?: Moment): Promise<readonly string[]> => {
    signal?.throwIfAborted();
    const { calls, reached, problems } = await stage.kill(verb, moment);
    all.push({ shelf: shelf.name, verb, ...(moment === undefined ? {} : { moment }), reached, problems });
    if (thorough && all.length > 1) await stage.dieRecovering(1 + ((all.length - 1) % RECOVERY_CALLS));
    if (thorough || all.length % SECOND_RECOVERIES === 0) await stage.recover();
    // The last but one is known for good only now.
    tell(-2);
    return calls;
  };
  const tell = (index: number): void => {
    const killed = all.at(index);
    if (killed !== undefined) progress?.(killed);
  };
  for (const verb of verbs) {
    // Whole first: that tells which calls there are.
    const calls = await kill(verb);
    for (const [index, call] of calls.filter((one) => wanted.test(one) && (thorough || one.endsWith(' #1'))).entries()) {
      if (thorough || index === 0) await kill(verb, { call, when: 'before' });
      await kill(verb, { call, when: 'after' });
    }
  }
  await stage.look();
  tell(-1);
  return all;
}

/**
 * Kills an engine at its very first start, before each call of a driver in it, each time on a root of its own. The next engine must have made what
 * a first start makes, and the one after it must have nothing to do. Answers how many were killed, and what was not so.
 */
export async function killFirstStarts(shelf: Shelf): Promise<{ readonly points: number; readonly problems: readonly string[] }> {
  const all: string[] = [];
  for (let call = 1; ; call += 1) {
    await using stage = await Stage.open({ shelf });
    const { dies, problems } = await stage.killStart(call);
    all.push(...problems.map((problem) => `call ${call}: ${problem}`));
    if (!dies) return { points: call - 1, problems: all };
  }
}

/** Without gateway and masquerade: it touches nothing of the host but a bridge of its own. */
const LIST = { cniVersion: '1.0.0', name: CONFLIST, plugins: [{ type: 'bridge', ipam: { type: 'host-local' } }, { type: 'tuning' }] };

/** Where engines live and die, one after the other. */
class Stage implements AsyncDisposable {
  #since = -1;
  #lives = 0;
  /** The life before only recovered: the next one is to have nothing to do. */
  #isRecovered = false;
  #clean: readonly string[] = [];
  /** Of the death before. */
  #last: string[] = [];

  private constructor(
    private readonly home: Omit<Errand, 'isRecovered' | 'since' | 'uid' | 'task'>,
    /** Of compiled modules: who is killed leaves none. */
    private readonly cache: string,
    private readonly made: AsyncDisposableStack,
  ) {}

  /** `verbs` are those that it is for: who does not push needs no registry. */
  static async open({ shelf, ignored, verbs = [] }: Pick<Options, 'shelf' | 'ignored'> & Partial<Pick<Options, 'verbs'>>): Promise<Stage> {
    await using made = new AsyncDisposableStack();
    const { path: scratch } = made.use(await temporaryDirectory('shiplog-kill-'));
    const disk = shelf.storageDriver === 'btrfs' ? made.use(await btrfsImage()) : undefined;
    const directory = join(disk?.path ?? scratch, 'home');
    await mkdir(directory);
    if (shelf.volumeDriver !== 'local') made.adopt(await VolumePlugin.listen(directory, shelf.volumeDriver), (plugin) => plugin.close());
    const registry = verbs.includes('image.push') ? made.adopt(await TestRegistry.start(), (started) => started.stop()) : undefined;
    const archives = {
      registry: registry?.host ?? '',
      image: join(scratch, 'image.tar'),
      rootfs: join(scratch, 'rootfs.tar'),
      context: join(scratch, 'context.tar'),
      layouts: join(scratch, 'layouts'),
      conflists: join(scratch, 'conflists'),
    };
    await busyboxArchive(archives.image, IMAGE);
    await mkdir(archives.conflists);
    await writeFile(join(archives.conflists, '10-killed.conflist'), JSON.stringify(LIST));
    await mkdir(join(scratch, 'rootfs/etc'), { recursive: true });
    await packed(join(scratch, 'rootfs'), archives.rootfs);
    // The lowest layer is the test image's, and the uppermost nobody's.
    const upper = [await readFile(archives.rootfs)];
    await busyboxLayout(join(archives.layouts, 'pulled'), 'latest', { Labels: { from: 'a directory' } }, upper);
    await mkdir(join(scratch, 'context'));
    await writeFile(join(scratch, 'context/Dockerfile'), `FROM ${IMAGE}\nCOPY Dockerfile /\nRUN touch /made\nCMD ["sh"]\n`);
    await packed(join(scratch, 'context'), archives.context);
    const subnet = await freeSubnet();
    const home = {
      directory,
      shelf,
      archives,
      bridge: `slk${subnet.replaceAll('.', 'x')}`,
      subnet: `${subnet}.0/24`,
      extraSubnet: `${await freeSubnet()}.0/24`,
      ...(ignored === undefined ? {} : { ignored }),
    };
    return new Stage(home, join(scratch, 'compiled'), made.move());
  }

  /** Makes what stays when all is removed: directories that come with the first container, the first of another driver, and the first image that is pulled or pushed. */
  async settle(verbs: readonly Verb[]): Promise<void> {
    await this.#live({ verb: 'container.start' });
    for (const verb of ['image.migrate', 'container.migrate', 'image.pull', 'image.push'] as const)
      if (verbs.includes(verb)) await this.#live({ verb });
    this.#clean = (await this.#live('tidy')).remains ?? [];
  }

  /** Lets an engine die as it starts. `dies` is false when it makes fewer calls. */
  async killStart(call: number): Promise<{ readonly dies: boolean; readonly problems: readonly string[] }> {
    const { dies } = await this.#live({ call });
    this.#last = [];
    await this.recover();
    await this.#follow('tidy');
    return { dies: dies !== undefined, problems: this.#last };
  }

  /** Lets an engine die in a verb. What the ones after it make of that is known when they come: `problems` grow until the next is killed, or somebody looks. */
  async kill(
    verb: Verb,
    moment: Moment | undefined,
  ): Promise<{ readonly calls: readonly string[]; readonly reached: boolean; readonly problems: readonly string[] }> {
    const died = await this.look({ verb, ...(moment === undefined ? {} : { moment }) });
    const problems = died.failed === undefined ? [] : [`the verb fails: ${died.failed}`];
    this.#last = problems;
    return { calls: died.calls ?? [], reached: moment === undefined || died.dies !== undefined, problems };
  }

  /** Lets an engine die in its recovery, before that call. */
  async dieRecovering(call: number): Promise<void> {
    await this.#live({ call });
  }

  /** Lets an engine recover, and die when it has. */
  async recover(): Promise<void> {
    await this.#follow('recover');
    this.#isRecovered = true;
  }

  /** Another life, which tells what is left of the ones before. */
  async look(task: Errand['task'] = 'tidy'): Promise<Told> {
    const told = await this.#follow(task);
    this.#last.push(...differences(this.#clean, told.remains ?? []), ...(told.damage ?? []));
    return told;
  }

  /** A life that tells what it made of the death before it. */
  async #follow(task: Errand['task']): Promise<Told> {
    const second = this.#isRecovered;
    this.#isRecovered = false;
    const told = await this.#live(task, second);
    const { recovered, appended } = told;
    this.#since = recovered?.seq ?? this.#since;
    if (!second) this.#last.push(...(recovered?.problems ?? ['it did not recover']));
    else if (appended?.join() !== 'engine.started') this.#last.push(`a second recovery appends ${String(appended)}`);
    return told;
  }

  /** One life, to its end. */
  async #live(task: Errand['task'], isRecovered = false): Promise<Told> {
    this.#lives += 1;
    const errand: Errand = { ...this.home, isRecovered, since: this.#since, uid: 100_000 + this.#lives, task };
    const child = spawn(process.execPath, [VICTIM, JSON.stringify(errand)], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, NODE_COMPILE_CACHE: this.cache },
    });
    let [stdout, stderr] = ['', ''];
    child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
    const [code, signal] = (await once(child, 'close')) as [number | null, string | null];
    if (signal !== 'SIGKILL' && !(task === 'tear-down' && code === 0))
      throw new Error(`an engine ended with ${code ?? signal}: ${stdout} ${stderr}`);
    const told = stdout.split('\n').filter((line) => line !== '');
    return told.reduce<Told>((all, line) => ({ ...all, ...(JSON.parse(line) as Told) }), {});
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await using _ = this.made;
    await this.#live('tear-down');
  }
}

function differences(clean: readonly string[], remains: readonly string[]): readonly string[] {
  return [
    ...remains.filter((line) => !clean.includes(line)).map((line) => `stays: ${line}`),
    ...clean.filter((line) => !remains.includes(line)).map((line) => `gone: ${line}`),
  ];
}

async function packed(directory: string, archive: string): Promise<void> {
  const { code, stderr } = await run('tar', ['-C', directory, '-cf', archive, '.']);
  if (code !== 0) throw new Error(stderr);
}
