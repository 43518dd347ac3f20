import { print } from '../context.ts';
import { EXIT } from '../exit-codes.ts';
import { splitReference } from '../split-reference.ts';
import { defineVerb } from '../verb.ts';

export default defineVerb({
  usage: '[OPTIONS] CONTAINER [REPOSITORY[:TAG]]',
  args: [1, 2],
  complete: 'container',
  options: {
    author: { type: 'text', short: 'a', value: 'NAME', help: 'Who made it, such as "Ann <ann@example.org>"' },
    change: { type: 'list', short: 'c', value: 'INSTRUCTION', help: 'Dockerfile instruction, such as "CMD sh"' },
    message: { type: 'text', short: 'm', value: 'TEXT', help: 'What its history says' },
    'no-pause': { type: 'switch', help: 'Let it run on while its files are read: they may not fit together' },
    format: { type: 'text', value: 'FORMAT', help: 'json: {"Id": …}', complete: ['json'] },
  },
  details:
    "The image has the container's files, without volumes, and its configuration. Instructions: CMD, ENTRYPOINT, ENV, EXPOSE, LABEL, ONBUILD,\nSTOPSIGNAL, USER, VOLUME, WORKDIR.",
  examples: [
    { command: 'shiplog commit web web:patched', what: 'an image of a container, as it is now' },
    { command: "shiplog commit -c 'ENV DEBUG=1' -m 'with debugging' web web:debug", what: 'with another configuration' },
  ],
  async run(context, flags, [container = '', reference]) {
    const { docker } = await context.client();
    const target = reference === undefined ? undefined : splitReference(reference);
    const made = await docker.commitContainer(container, {
      ...(target === undefined ? {} : { repo: target.repository }),
      ...(target?.tag === undefined ? {} : { tag: target.tag }),
      ...(flags.author === undefined ? {} : { author: flags.author }),
      ...(flags.message === undefined ? {} : { comment: flags.message }),
      changes: flags.change,
      pause: !flags['no-pause'],
    });
    print(context, flags.format === 'json' ? JSON.stringify(made) : made.Id);
    return EXIT.ok;
  },
});
