import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  assertLives,
  type Container,
  containerGroup,
  type Ended,
  failure,
  hasOwnPids,
  lives,
  type Process,
  runCommand,
  type Runtime,
  type SessionGroup,
  type SessionProgram,
  type Spec,
} from '@shiplog/conmon';
import type { Kernel } from '@shiplog/contracts';
import { CompiledSeccomp } from './compiled-seccomp.ts';
import { forget, letGo, markStarted } from './crun-state.ts';

/** Where crun runs. */
export interface CrunPlace {
  /** What runs it, with the words that follow. */
  readonly words: readonly string[];
  /** The same in a place where `directory` is seen at `at`. */
  readonly showing?: (directory: string, at: string) => readonly string[];
}

/** crun(1). A start, and most removals, need no process of it. */
export class Crun implements Runtime {
  readonly name = 'crun';
  readonly path: string;
  readonly flags: readonly string[];
  readonly #seccomp = new CompiledSeccomp();
  readonly #ownFlags: readonly string[];

  /** `state` is its --root. `place` is where it has to run. */
  constructor(
    private readonly kernel: Kernel,
    private readonly state: string,
    private readonly program: string,
    private readonly place: CrunPlace = { words: [program] },
  ) {
    this.#ownFlags = ['--root', state, '--cgroup-manager=cgroupfs'];
    const [path = program, ...words] = place.words;
    this.path = path;
    this.flags = [...words, ...this.#ownFlags];
  }

  async prepare(_: string, spec: Spec): Promise<Spec> {
    return this.#seccomp.reuse(spec);
  }

  async processFile(_: string, process: Process): Promise<string> {
    return JSON.stringify(process);
  }

  /** Of version 1, crun knows one name for all hierarchies: where the group is in one alone, it is shown that in place of the container's. */
  sessionIn(group: SessionGroup): SessionProgram | undefined {
    if (group.version === 2) return { path: this.path, flags: this.flags, options: ['--cgroup', group.name] };
    const [path, ...words] = this.place.showing?.(group.path, containerGroup(group)) ?? [];
    return path === undefined ? undefined : { path, flags: [...words, ...this.#ownFlags], options: [] };
  }

  async made({ id }: Container, watched: number, spec: Spec): Promise<number> {
    await this.#seccomp.learn(spec, this.#stateOf(id));
    return watched;
  }

  async start(container: Container, again: boolean): Promise<void> {
    if (letGo(this.#stateOf(container.id)) || (again && (await this.#wasLetGo(container)))) return;
    // It waits for ever at a FIFO that nobody reads.
    await assertLives(this.kernel, container);
    const { code, stderr } = await this.#invoke('start', container.id);
    if (code !== 0) throw failure(stderr, 'start');
  }

  started(id: string): void {
    markStarted(this.#stateOf(id));
  }

  async forget({ id, bundle, process }: Container): Promise<void> {
    const state = this.#stateOf(id);
    if (!existsSync(state)) return;
    // With its own pid namespace nothing of it outlives the main process; else the runtime looks for what does.
    if (process !== undefined && hasOwnPids(bundle)) return forget(state);
    const { code, stderr } = await this.#invoke('delete', '--force', id);
    if (code !== 0 && existsSync(state)) throw failure(stderr, 'start');
  }

  /** True when the process lives and does not come to wait any more. It may have been made just now, and be on its way there. */
  async #wasLetGo({ id, process }: Container): Promise<boolean> {
    for (let tries = 0; tries < 50; tries += 1) {
      await sleep(10);
      if (letGo(this.#stateOf(id))) return true;
    }
    return process !== undefined && (await lives(this.kernel, process));
  }

  /** `start` and `delete` do not look at cgroups: the program itself is enough. */
  #invoke(...words: readonly string[]): Promise<Ended> {
    return runCommand(this.program, [...this.#ownFlags, ...words]);
  }

  #stateOf(id: string): string {
    return join(this.state, id);
  }
}
