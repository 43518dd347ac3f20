import { existsSync } from 'node:fs';
import { join } from 'node:path';
import {
  assertLives,
  type Container,
  failure,
  type Process,
  runCommand,
  type Runtime,
  type SessionGroup,
  type SessionProgram,
  type Spec,
} from '@shiplog/conmon';
import type { Kernel } from '@shiplog/contracts';

/** What it says of a container that was started before. */
const ALREADY_RUNS = /cannot start an already running container/;

/** runc(8). */
export class Runc implements Runtime {
  readonly name = 'runc';
  readonly flags: readonly string[];

  /** `state` is its --root. */
  constructor(
    private readonly kernel: Kernel,
    private readonly state: string,
    readonly path: string,
  ) {
    this.flags = ['--root', state];
  }

  async prepare(_: string, spec: Spec): Promise<Spec> {
    return spec;
  }

  async processFile(_: string, process: Process): Promise<string> {
    return JSON.stringify(process);
  }

  sessionIn({ version, name }: SessionGroup): SessionProgram {
    return { path: this.path, flags: this.flags, options: ['--cgroup', version === 1 ? `freezer:/${name}` : `/${name}`] };
  }

  async made(_: Container, watched: number): Promise<number> {
    return watched;
  }

  async start(container: Container, again: boolean): Promise<void> {
    await assertLives(this.kernel, container);
    const { code, stderr } = await runCommand(this.path, [...this.flags, 'start', container.id]);
    if (code !== 0 && !(again && ALREADY_RUNS.test(stderr))) throw failure(stderr, 'start');
  }

  async forget({ id }: Container): Promise<void> {
    const state = join(this.state, id);
    if (!existsSync(state)) return;
    const { code, stderr } = await runCommand(this.path, [...this.flags, 'delete', '--force', id]);
    if (code !== 0 && existsSync(state)) throw failure(stderr, 'start');
  }
}
