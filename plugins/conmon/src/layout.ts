import { join } from 'node:path';

/** Where the driver keeps what belongs to a container or an exec session. Everything is below its run directory: none of it survives a reboot. */
export class Layout {
  readonly state: string;
  readonly exits: string;
  readonly containers: string;

  constructor(readonly root: string) {
    this.state = join(root, 'state');
    this.exits = join(root, 'exits');
    this.containers = join(root, 'c');
  }

  bundle(id: string): string {
    return join(this.containers, id);
  }

  exit(id: string): string {
    return join(this.exits, id);
  }

  exec(id: string, exec: string): string {
    return join(this.containers, id, 'exec', exec);
  }

  /** The monitor names an exec session's exit file after the container. */
  execExits(id: string, exec: string): string {
    return join(this.exec(id, exec), 'exit');
  }
}
