import type { CommandArgs } from '@shiplog/contracts';
import type { RecordedCommand } from '@shiplog/replay';

/** Docker's option for the name of a network's bridge. */
const BRIDGE_NAME = 'com.docker.network.bridge.name';
/** Networks of 4,094 addresses each in 10.192.0.0/10, which others seldom use. */
const SUBNETS = 64 * 16;

/** Names and addresses of networks that are in nobody's way on this host, also not in that of the engine that was recorded. */
export class PrivateNetworks {
  readonly #prefix = `slr${Math.floor(Math.random() * 36 ** 6).toString(36)}`;
  #subnet = Math.floor(Math.random() * SUBNETS);
  #bridges = 0;

  subnet(): string {
    const number = (this.#subnet += 1) % SUBNETS;
    return `10.${192 + Math.floor(number / 16)}.${(number % 16) * 16}.0/20`;
  }

  bridge(): string {
    return `${this.#prefix}x${(this.#bridges += 1)}`;
  }

  /** The same command. If it makes a bridge, that gets another name, and addresses of its own where nobody had asked for some. */
  own(command: RecordedCommand): RecordedCommand {
    if (command.verb !== 'network.create') return command;
    const args = command.args as CommandArgs['network.create'];
    if (args.driver !== 'bridge') return command;
    const own: CommandArgs['network.create'] = {
      ...args,
      subnet: args.subnet ?? this.subnet(),
      options: { ...args.options, [BRIDGE_NAME]: this.bridge() },
    };
    return { ...command, args: own };
  }
}
