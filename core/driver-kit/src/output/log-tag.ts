import { hostname } from 'node:os';
import { type LogSubject, ShiplogError } from '@shiplog/contracts';

/** What Docker's log tags may name. */
const MARKUP: { readonly [name: string]: (subject: LogSubject) => string } = {
  ID: ({ id }) => id.slice(0, 12),
  FullID: ({ id }) => id,
  Name: ({ name }) => name,
  FullName: ({ name }) => `/${name}`,
  ImageID: ({ imageId }) => imageId.replace(/^sha256:/, '').slice(0, 12),
  ImageFullID: ({ imageId }) => imageId,
  ImageName: ({ imageName }) => imageName,
  Command: ({ command }) => command.join(' '),
  DaemonName: () => 'docker',
  Hostname: () => hostname(),
};

/** A tag with Docker's markup, such as `{{.ImageName}}/{{.Name}}`, as a function of the container. Throws SPEC_INVALID for any other markup. */
export function parseTag(template: string): (subject: LogSubject) => string {
  const parts = template.split(/\{\{\s*(.*?)\s*\}\}/).map((part, index): ((subject: LogSubject) => string) => {
    if (index % 2 === 0) {
      if (/\{\{|\}\}/.test(part)) throw invalid(template, part);
      return () => part;
    }
    const markup = MARKUP[part.replace(/^\./, '')];
    if (!part.startsWith('.') || markup === undefined) throw invalid(template, `{{${part}}}`);
    return markup;
  });
  return (subject) => parts.map((part) => part(subject)).join('');
}

function invalid(template: string, part: string): ShiplogError {
  return new ShiplogError(
    'SPEC_INVALID',
    `the log tag "${template}" cannot be used: ${part} is not one of ${Object.keys(MARKUP)
      .map((name) => `{{.${name}}}`)
      .join(', ')}`,
    { template },
  );
}
