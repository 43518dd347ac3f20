import { type ContainerRecord, type EnvSpec, ShiplogError, type StateView } from '@shiplog/contracts';
import type { EngineParts } from '../ports.ts';

/** Environment values: in the vault, never in the log. */
export class Environment {
  constructor(private readonly parts: EngineParts) {}

  /** Stores `NAME=value` entries durably. A bare `NAME` takes the variable away from what the image sets. The last of a name counts. */
  async seal(entries: readonly string[]): Promise<EnvSpec> {
    const values = new Map<string, string | null>();
    for (const entry of entries) {
      const cut = entry.indexOf('=');
      const name = cut < 0 ? entry : entry.slice(0, cut);
      if (name === '') throw new ShiplogError('SPEC_INVALID', `invalid environment variable: ${cut < 0 ? entry : '='}`);
      values.set(name, cut < 0 ? null : entry.slice(cut + 1));
    }
    const names = [...values.keys()];
    if (names.length === 0) return { names };
    return { names, secret: await this.#vault().put(this.parts.identities.hex().slice(0, 32), JSON.stringify([...values])) };
  }

  /** The entries again. Names alone where the values were erased. */
  async unseal(env: EnvSpec): Promise<readonly string[]> {
    if (env.secret === undefined) return env.names;
    try {
      const values = JSON.parse(await this.#vault().get(env.secret)) as [string, string | null][];
      return values.map(([name, value]) => (value === null ? name : `${name}=${value}`));
    } catch (error) {
      if (ShiplogError.wrap(error).code === 'SECRET_NOT_FOUND') return env.names;
      throw error;
    }
  }

  /** Erases the values of a container and of its exec sessions, and what else is sealed of them. */
  async forget(container: ContainerRecord, state: StateView): Promise<void> {
    const specs = [container.spec, ...container.execIds.flatMap((id) => state.execs.get(id)?.spec ?? [])];
    for (const { env, sealed } of specs) {
      if (env.secret !== undefined) await this.#vault().remove(env.secret.id);
      if (sealed !== undefined) await this.#vault().remove(sealed.id);
    }
  }

  /** Erases values that no container and no exec session has. */
  async forgetUnused({ secret }: EnvSpec, state: StateView): Promise<void> {
    if (secret === undefined) return;
    const used = [...state.containers.values(), ...state.execs.values()].some(({ spec }) => spec.env.secret?.id === secret.id);
    if (!used) await this.#vault().remove(secret.id);
  }

  #vault() {
    return this.parts.drivers.get('vault', this.parts.chosen.vault);
  }
}
