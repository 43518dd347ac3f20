import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { btrfsImage, busyboxArchive, busyboxLayout, run, TestRegistry } from '@shiplog/test-support';
import type { Moment } from './death.ts';
import type { Errand, Told } from './errand.ts';
import { CONFLIST, IMAGE } from './scenes.ts';
import type { Shelf } from './shelf.ts';
import type { Verb } from './verbs.ts';
import { VolumePlugin } from './volume-plugin.ts';

const VICTIM = fileURLToPath(new URL('./victim.script.js', import.meta.url));

/** About how many calls of drivers a recovery makes. One that comes to its end before it dies is one more recovery. */
const RECOVERY_CALLS = 12;

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
   * Before every call as well: where calls follow each other, that is the moment after the one before. And another engine dies in the recovery, each
   * time at another call.
   */
  readonly thorough?: boolean;
  /** Which calls of drivers are of interest; all if absent. */
  readonly calls?: RegExp;
  /** See {@link Errand.ignored}. */
  readonly ignored?: string;
  readonly progress?: (killed: Killed) => void;
}

/**
 * Kills an engine with the shelf's drivers around every driver call of every verb. Each time the next engine must find log and reality in
 * agreement, the one after it must have nothing to do, and when all that the verb made is removed nothing may be left.
 */
export async function killEverywhere(options: Options): Promise<readonly Killed[]> {
  const { shelf, verbs, thorough = false, calls: wanted = /./, progress } = options;
  await using stage = await Stage.open(options);
  await stage.settle(verbs);
  const all: Killed[] = [];
  const kill = async (verb: Verb, moment?: Moment): Promise<readonly string[]> => {
    const { calls, reached, problems } = await stage.kill(verb, moment, thorough ? all.length : 0);
    all.push({ shelf: shelf.name, verb, ...(moment === undefined ? {} : { moment }), reached, problems });
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
    for (const [index, call] of calls.filter((one) => wanted.test(one)).entries()) {
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
  #clean: readonly string[] = [];
  /** Of the death before. */
  #last: string[] = [];

  private constructor(
    private readonly home: Omit<Errand, 'since' | 'uid' | 'task'>,
    /** Of compiled modules: who is killed leaves none. */
    private readonly cache: string,
    private readonly end: () => Promise<void>,
  ) {}

  static async open({ shelf, ignored }: Pick<Options, 'shelf' | 'ignored'>): Promise<Stage> {
    const scratch = await mkdtemp(join(tmpdir(), 'shiplog-kill-'));
    const disk = shelf.storageDriver === 'btrfs' ? await btrfsImage() : undefined;
    const directory = join(disk?.path ?? scratch, 'home');
    await mkdir(directory);
    const plugin = shelf.volumeDriver === 'local' ? undefined : await VolumePlugin.listen(directory, shelf.volumeDriver);
    const registry = await TestRegistry.start();
    const archives = {
      registry: registry.host,
      image: join(scratch, 'image.tar'),
      rootfs: join(scratch, 'rootfs.tar'),
      context: join(scratch, 'context.tar'),
      layouts: join(scratch, 'layouts'),
      conflists: join(scratch, 'conflists'),
    };
    await busyboxArchive(archives.image, IMAGE);
    await busyboxLayout(join(archives.layouts, 'pulled'), 'latest', { Labels: { from: 'a directory' } });
    await mkdir(archives.conflists);
    await writeFile(join(archives.conflists, '10-killed.conflist'), JSON.stringify(LIST));
    await mkdir(join(scratch, 'rootfs/etc'), { recursive: true });
    await packed(join(scratch, 'rootfs'), archives.rootfs);
    await mkdir(join(scratch, 'context'));
    await writeFile(join(scratch, 'context/Dockerfile'), `FROM ${IMAGE}\nCOPY Dockerfile /\nRUN touch /made\nCMD ["sh"]\n`);
    await packed(join(scratch, 'context'), archives.context);
    const chance = Math.floor(Math.random() * 64 * 128);
    const [high, low] = [192 + Math.floor(chance / 128), (chance % 128) * 2];
    return new Stage(
      {
        directory,
        shelf,
        archives,
        bridge: `slk${process.pid % 100_000}x${chance % 1000}`,
        subnet: `10.${high}.${low}.0/24`,
        extraSubnet: `10.${high}.${low + 1}.0/24`,
        ...(ignored === undefined ? {} : { ignored }),
      },
      join(scratch, 'compiled'),
      async () => {
        await plugin?.close();
        await registry.stop();
        await disk?.cleanup();
        await rm(scratch, { recursive: true, force: true });
      },
    );
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
    const { recovered } = await this.#live('recover');
    this.#since = recovered?.seq ?? this.#since;
    const { appended } = await this.#live('tidy');
    const more = appended?.join() === 'engine.started' ? [] : [`a second recovery appends ${String(appended)}`];
    return { dies: dies !== undefined, problems: [...(recovered?.problems ?? ['it did not recover']), ...more] };
  }

  /**
   * Lets an engine die, and looks at what the next one makes of it. What the one after that finds is known when it comes, which is when
   * somebody kills or looks again: `problems` grow until then.
   */
  async kill(
    verb: Verb,
    moment: Moment | undefined,
    recoveries: number,
  ): Promise<{ readonly calls: readonly string[]; readonly reached: boolean; readonly problems: readonly string[] }> {
    const died = await this.look({ verb, ...(moment === undefined ? {} : { moment }) });
    const problems: string[] = [];
    if (died.failed !== undefined) problems.push(`the verb fails: ${died.failed}`);
    if (recoveries > 0) await this.#live({ call: 1 + (recoveries % RECOVERY_CALLS) });
    const { recovered } = await this.#live('recover');
    this.#since = recovered?.seq ?? this.#since;
    problems.push(...(recovered?.problems ?? ['it did not recover']));
    this.#last = problems;
    return { calls: died.calls ?? [], reached: moment === undefined || died.dies !== undefined, problems };
  }

  /** Another life, which tells what the last recovery left. */
  async look(task: Errand['task'] = 'tidy'): Promise<Told> {
    const told = await this.#live(task);
    if (told.appended?.join() !== 'engine.started') this.#last.push(`a second recovery appends ${String(told.appended)}`);
    this.#last.push(...differences(this.#clean, told.remains ?? []), ...(told.damage ?? []));
    return told;
  }

  /** One life, to its end. */
  async #live(task: Errand['task']): Promise<Told> {
    this.#lives += 1;
    const errand: Errand = { ...this.home, since: this.#since, uid: 100_000 + this.#lives, task };
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
    await this.#live('tear-down').finally(this.end);
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
