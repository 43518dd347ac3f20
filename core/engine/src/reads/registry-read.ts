import { type Caller, type EventData, type EventType, type RegistryAuth, type Result, ShiplogError } from '@shiplog/contracts';
import type { EngineCore } from '../core.ts';
import { secretsOf } from '../operations/registry-auth.ts';
import { redact } from '../secrets/redact.ts';
import { mapStrings } from '../secrets/secrets.ts';
import { scrubbed } from '../secrets/scrub.ts';

/** A question to a registry, as it is recorded. */
type Question = Asking<'registry.login'> | Asking<'registry.inspect'>;
type Asking<T extends EventType> = { readonly type: T; readonly data: EventData[T] };

/** Asks a registry by `ask`, and records who asked what and what came of it, durably, before that is known. Errors say nothing of the credentials. */
export async function registryRead<A>(
  core: EngineCore,
  asking: Caller,
  auth: RegistryAuth,
  question: Question,
  ask: (op: string) => Promise<A>,
): Promise<A> {
  const { parts, secrets, ledger } = core;
  const { clock } = parts;
  const caller = await core.readyKeyless(asking);
  const op = parts.identities.op();
  const began = clock.ms();
  const record = async (of: Pick<Result, 'status' | 'error'>): Promise<void> => {
    const result: Result = { ...of, ms: Math.round((clock.ms() - began) * 1000) / 1000 };
    const plain = mapStrings(question, (text) => redact(text, secrets.rules));
    await ledger.append({ stamp: core.stamp(caller, op), events: [{ ...plain, stream: 'engine', kind: 'meta', result }] }).durable;
  };
  let answer: A;
  try {
    answer = await ask(op);
  } catch (thrown) {
    const error = scrubbed(ShiplogError.wrap(thrown), secretsOf(auth), secrets.rules);
    await record({ status: statusOf(error), error: error.toRecord() });
    throw error;
  }
  await record({ status: 'ok' });
  return answer;
}

function statusOf({ code }: ShiplogError): Result['status'] {
  if (code === 'CANCELED') return 'canceled';
  return code === 'REGISTRY_DENIED' ? 'refused' : 'failed';
}
