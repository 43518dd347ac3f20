import type { JsonObject } from '@shiplog/contracts';
import type { Attachment } from './attachments.ts';
import type { Execution, Programs } from './programs.ts';
import { parseResult } from './result.ts';

/**
 * Runs the plugins of an attachment (CNI 1.0.0, section 3). An endpoint is a container to them: ids of containers would meet where one container is on
 * two networks of a list.
 */
export class Chain {
  readonly #programs: Programs;

  constructor(programs: Programs) {
    this.#programs = programs;
  }

  /**
   * ADD, in order, each plugin with the result of the one before, which `keep` is given first: without it, a plugin after that one could not tell what
   * it has to undo. Stops at the first failure; what is there then, `delete` takes away.
   */
  async add(attachment: Attachment, keep: (result: JsonObject) => Promise<void>, signal: AbortSignal): Promise<void> {
    let result: JsonObject | undefined;
    for (const configuration of attachment.execution) {
      const given = result === undefined ? configuration : { ...configuration, prevResult: result };
      const said = await this.#programs.run(configuration.type, executionOf('ADD', attachment), given, signal);
      result = parseResult(configuration.type, String(configuration['cniVersion']), said);
      await keep(result);
    }
  }

  /** CHECK, in order, with the result of ADD; nothing where the list forbids it. Throws what the first plugin says that finds something amiss. */
  async check(attachment: Attachment, signal: AbortSignal): Promise<void> {
    if (attachment.disableCheck) return;
    for (const configuration of attachment.execution) {
      await this.#programs.run(configuration.type, executionOf('CHECK', attachment), withResult(attachment, configuration), signal);
    }
  }

  /**
   * DEL, in reverse order, in the namespace `netns`. A plugin that fails is asked once more: the first time may have removed what it failed over, as
   * an interface whose rules are gone. It does not keep the others from theirs; the first failure is thrown at the end.
   */
  async delete(attachment: Attachment, netns: string, signal: AbortSignal): Promise<void> {
    const failures: unknown[] = [];
    for (const configuration of attachment.execution.toReversed()) {
      const given = withResult(attachment, configuration);
      const run = (): Promise<string> =>
        this.#programs.run(configuration.type, { ...executionOf('DEL', attachment), netns }, given, signal);
      await run().catch(() => run().catch((error: unknown) => failures.push(error)));
    }
    if (failures.length > 0) throw failures[0];
  }
}

function withResult({ result }: Attachment, configuration: JsonObject): JsonObject {
  return result === undefined ? configuration : { ...configuration, prevResult: result };
}

function executionOf(command: Execution['command'], { asked: { id, sandbox, ifName, mac } }: Attachment): Execution {
  return {
    command,
    containerId: id,
    ...(sandbox === undefined ? {} : { netns: sandbox }),
    ifName,
    args: `IgnoreUnknown=1${mac === '' ? '' : `;MAC=${mac}`}`,
  };
}
