import { type PluginInfo, ShiplogError } from '@shiplog/contracts';
import { replyJson } from '../reply.ts';
import type { Exchange, Route } from '../route.ts';

/** A plugin as it is listed. `disabledAt`: nanoseconds since the epoch, decimal. */
export interface PluginAnswer extends PluginInfo {
  readonly enabled: boolean;
  readonly disabledAt?: string;
}

/** `GET plugins`: all that are installed. `GET plugins/NAME`: one. `GET plugins/NAME/logs`: what it said of late. NAME is percent-encoded. */
export const plugins: Route = {
  path: ['plugins'],
  takesRest: true,
  query: [],
  readsNothing: true,
  async answer({ engine, extensions, rest, response }: Exchange): Promise<void> {
    const { plugins: disabled } = await engine.view();
    const withState = (info: PluginInfo): PluginAnswer => {
      const record = disabled.get(info.name);
      return record === undefined ? { ...info, enabled: true } : { ...info, enabled: false, disabledAt: record.disabledAt };
    };
    const [name, part] = rest;
    if (name === undefined) return replyJson(response, 200, extensions.plugins.list().map(withState));
    if (part === undefined) return replyJson(response, 200, withState(extensions.plugins.inspect(name)));
    if (part === 'logs' && rest.length === 2) return replyJson(response, 200, extensions.plugins.lines(name));
    throw new ShiplogError('NOT_FOUND', `a plugin has logs, and no ${rest.slice(1).join('/')}`);
  },
};
