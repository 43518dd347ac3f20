import { UsageError } from '../cli-error.ts';
import { print } from '../context.ts';
import { EXIT } from '../exit-codes.ts';
import { defineVerb } from '../verb.ts';

export default defineVerb({
  usage: '--subject SUBJECT',
  args: [0, 0],
  options: {
    subject: { type: 'text', value: 'SUBJECT', help: 'uid:NUMBER, tls:SUBJECT, tcp:ADDRESS, or a pseudonym' },
  },
  details:
    "Destroys the key that what the log says of this person is sealed with: ids, process, program, address, certificate. The log's bytes,\nits hashes and proofs stay as they are; reads show `erased` and a pseudonym. There is no way back, and copies of the key in backups of\nthe engine's root must be erased too.",
  examples: [{ command: 'shiplog audit erase --subject uid:1000', what: 'who had uid 1000 is known no more' }],
  async run(context, { subject }) {
    if (subject === undefined) throw new UsageError('audit erase needs --subject');
    const { native } = await context.client();
    const erased = await native.eraseSubject(subject);
    print(context, erased.subject);
    return EXIT.ok;
  },
});
