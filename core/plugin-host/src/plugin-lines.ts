import type { Logger } from '@shiplog/driver-kit';
import type { PluginLine } from '@shiplog/contracts';

/** Lines kept of each plugin. */
const KEPT = 500;

/** What a plugin said of late, by its loggers and on its output. Also told to the engine's log, with the plugin's name. */
export class PluginLines {
  readonly #lines: PluginLine[] = [];

  constructor(
    private readonly plugin: string,
    private readonly logger: Logger,
  ) {}

  get recent(): readonly PluginLine[] {
    return this.#lines;
  }

  add(level: PluginLine['level'], message: string, facts: { readonly [fact: string]: unknown } = {}): void {
    this.#lines.push({ time: new Date().toISOString(), level, message, facts });
    if (this.#lines.length > KEPT) this.#lines.shift();
    this.logger[level](message, { plugin: this.plugin, ...facts });
  }

  /** A logger for the plugin's drivers. */
  toLogger(): Logger {
    const at =
      (level: PluginLine['level']) =>
      (message: string, facts?: { readonly [fact: string]: unknown }): void =>
        this.add(level, message, facts);
    return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
  }
}
