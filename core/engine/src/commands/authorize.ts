import type { AuthorizerVerdict, Caller, CommandType, DriverInfo, NewEvent } from '@shiplog/contracts';
import { ShiplogError } from '@shiplog/contracts';
import type { EngineCore } from '../core.ts';

/** What an intent holds that authorizers judge. */
interface Judged {
  readonly args: object | null;
  readonly decided: object | null;
}

/** Who judges what a caller asks. Nobody judges what the engine does by itself, and on nobody's behalf. */
export function authorizersFor(core: EngineCore, caller: Caller): readonly DriverInfo[] {
  const { actor } = caller.behalf ?? caller;
  return actor.scheme === 'system'
    ? []
    : core.parts.drivers.list().filter((driver) => driver.kind === 'authorizer' && !core.ledger.head.plugins.has(driver.plugin));
}

/**
 * Asks authorizers about an intent that is not in the log yet, side by side. One that gives no usable answer is spoken for by its
 * failure policy.
 */
export async function authorize(
  core: EngineCore,
  authorizers: readonly DriverInfo[],
  type: CommandType,
  intent: NewEvent,
  caller: Caller,
  op: string,
): Promise<readonly AuthorizerVerdict[]> {
  const { args, decided } = intent.data as Judged;
  const { actor, req } = caller.behalf ?? caller;
  const request = {
    type,
    stream: intent.stream,
    args: args ?? {},
    decided: decided ?? {},
    actor,
    ...(req === undefined ? {} : { req }),
    at: core.parts.clock.now(),
  };
  return Promise.all(authorizers.map((authorizer) => ask(core, authorizer, request, op)));
}

/** The event that keeps verdicts, for the append of the intent. */
export function authorizedEvent(type: CommandType, { stream }: NewEvent, verdicts: readonly AuthorizerVerdict[]): NewEvent {
  return { stream, type: 'operation.authorized', kind: 'meta', data: { verb: type, verdicts } };
}

/** The error of the first denial, if there is one. */
export function denialIn(verdicts: readonly AuthorizerVerdict[]): ShiplogError | undefined {
  const denial = verdicts.find(({ effect }) => effect === 'deny');
  if (denial === undefined) return undefined;
  const { authorizer, rule, reason } = denial;
  return new ShiplogError('REQUEST_DENIED', `denied by ${authorizer}, rule ${rule ?? 'unknown'}: ${reason ?? 'no reason given'}`, {
    authorizer,
    ...(rule === undefined ? {} : { rule }),
  });
}

async function ask(core: EngineCore, { name, failurePolicy }: DriverInfo, request: object, op: string): Promise<AuthorizerVerdict> {
  const { clock } = core.parts;
  const began = clock.ms();
  const ms = (): number => Math.round((clock.ms() - began) * 1000) / 1000;
  try {
    const answer = await core.call('authorizer', name, 'authorize', request, { op, signal: new AbortController().signal });
    // `call` has checked it against the verb table.
    return { authorizer: name, ...(answer as Omit<AuthorizerVerdict, 'authorizer' | 'ms'>), ms: ms() };
  } catch (error) {
    const failure = ShiplogError.wrap(error, 'DRIVER_FAILED').message;
    core.parts.logger.error('authorizer failed', { authorizer: name, failure });
    if (failurePolicy === 'open') return { authorizer: name, effect: 'allow', rule: 'failure-policy', failure, ms: ms() };
    return { authorizer: name, effect: 'deny', rule: 'failure-policy', reason: `it gave no answer (${failure})`, failure, ms: ms() };
  }
}
