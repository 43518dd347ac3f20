import { ShiplogError } from '@shiplog/contracts';
import { replyJson } from '../reply.ts';
import type { Exchange, Route } from '../route.ts';

/**
 * `POST subjects/erase?subject=`: destroys the key of one person, by `uid:NUMBER`, `tls:SUBJECT`, `tcp:ADDRESS` or pseudonym, and
 * answers the pseudonym. What the log says of the person cannot be read any more; its bytes and proofs stay as they are.
 */
export const erase: Route = {
  method: 'POST',
  verbs: ['subject.erase'],
  path: ['subjects', 'erase'],
  query: ['subject'],
  async answer({ engine, record, query, response }: Exchange): Promise<void> {
    const subject = await pseudonym(engine, query.get('subject') ?? '').catch(async (error: unknown) => {
      // The name of the person is told to who asked, and not to the log.
      const { code } = ShiplogError.wrap(error);
      await record.refuse('subject.erase', new ShiplogError(code, 'no such subject'));
      throw error;
    });
    replyJson(response, 200, await record.execute('subject.erase', { subject }));
  },
};

async function pseudonym(engine: Exchange['engine'], name: string): Promise<string> {
  if (name === '')
    throw new ShiplogError('REQUEST_INVALID', 'the parameter subject is missing: give uid:NUMBER, tls:SUBJECT, tcp:ADDRESS or a pseudonym');
  return engine.subject(name);
}
