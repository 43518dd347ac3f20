/**
 * What counts as a secret where nothing says so: rules as data. A name says that its value is one; a pattern finds one in
 * free text, as its group `secret`. The operator adds to both.
 */
export interface SecretRules {
  /** Does a flag, variable, label, option or header of this name hold a secret? */
  readonly names: readonly RegExp[];
  /** Global expressions with a group `secret`. */
  readonly patterns: readonly RegExp[];
}

/** Words that make a name secret, wherever they stand in it: `DB_PASSWORD`, `splunk-token`, `--api-key`, `rootPasswd`. */
const NAMES: readonly RegExp[] = [
  /(?:^|[^a-z])(?:pass|pwd|auth|authorization|cookie|creds?)(?:$|[^a-z])/,
  /pass(?:word|wd|phrase|code)|secret|token|credential/,
  /(?:api|access|account|private|encryption|signing|session|shared|master)[^a-z]?key/,
  /connection[^a-z]?string/,
];

/** Secrets that show by their shape or their place. What may come between is bounded: texts come from anybody. */
const PATTERNS: readonly RegExp[] = [
  // The userinfo of a URL (RFC 3986, 3.2.1), also of one without a scheme as git and curl take it.
  /\b[a-z][a-z0-9+.-]{0,30}:\/\/(?<secret>[^\s/@?#'"]+)@/gi,
  // The same without a scheme, `user:password@host`. Not the digest of an image, a version of a package, or an address that a word is put before.
  /(?<![\w.%+[-])(?!(?:mailto|e?mail|sips?|xmpp|acct|author|maintainer|from|to|cc|npm|jsr|workspace|git|github|gitlab):)[a-z_][\w.%+-]{0,63}:(?<secret>[^\s/@'"[\]]{1,256})@(?!sha\d{3}:|latest\b|next\b|v?\d+(?:\.\d+){0,2}(?![\w.]))[a-z0-9[]/gi,
  // An Authorization header's credentials.
  /\b(?:bearer|basic)\s+(?<secret>[a-z0-9+/=._~-]{8,})/gi,
  // openssl(1) pass phrase arguments.
  /\bpass:(?<secret>\S+)/g,
  // Programs whose option letter takes a password.
  /\b(?:mysql|mysqldump|mysqladmin|mariadb|mariadb-dump)\b(?:[^|;&]{0,256}?\s)-p(?<secret>[^\s'"]+)/g,
  /\b(?:sshpass|mongo|mongosh|mongodump|mongorestore|mongoexport|mongoimport)\b(?:[^|;&]{0,256}?\s)-p[\s=]*(?<secret>[^\s'"]+)/g,
  /\bldap(?:search|add|modify|delete|passwd|whoami|compare)\b(?:[^|;&]{0,256}?\s)-w\s*(?<secret>[^\s'"]+)/g,
  /\b(?:smbclient|rpcclient)\b(?:[^|;&]{0,256}?\s)(?:-U|--user)[\s=]*[^\s%'"]{1,64}%(?<secret>[^\s'"]+)/g,
  /\bopenssl\b(?:[^|;&]{0,256}?\s)-[kK]\s+(?<secret>[^\s'"]+)/g,
  /\bcurl\b(?:[^|;&]{0,256}?\s)-b[\s]*['"]?(?<secret>[^\s'"=]{1,64}=[^'"\s]+)/g,
  /\bvault\s+login\s+(?<secret>[^\s'"-][^\s'"]*)/g,
  /\b(?:redis-cli)\b(?:[^|;&]{0,256}?\s)-a\s+(?<secret>[^\s'"]+)/g,
  /\b(?:curl|wget)\b(?:[^|;&]{0,256}?\s)(?:-u|--user|-U|--proxy-user)[\s=]*(?<secret>[^\s'"]+)/g,
  /\b(?:docker|podman|helm|oras|skopeo)\b[^|;&]{0,256}?\slogin\b[^|;&]{0,256}?\s-p[\s=]*(?<secret>[^\s'"]+)/g,
  // Tokens with a telling beginning: GitHub, GitLab, Slack, AWS, npm, and JSON Web Tokens (RFC 7519).
  /(?<secret>\b(?:gh[pousr]_\w{20,}|github_pat_\w{20,}|glpat-[\w-]{20,}|xox[abprs]-[\w-]{10,}|AKIA[0-9A-Z]{16}|npm_\w{30,}|eyJ[\w-]{10,2048}\.[\w-]{10,2048}\.[\w-]*))/g,
  // PEM private keys (RFC 7468).
  /(?<secret>-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z ]*PRIVATE KEY-----|$))/g,
];

/** The rules of every engine. */
export const DEFAULT_RULES: SecretRules = { names: NAMES, patterns: PATTERNS };

/** The defaults and what the operator adds: expressions for names (case does not count), and for texts, whose group `secret` or whole match it is. Throws SyntaxError. */
export function withOperatorRules({
  names = [],
  patterns = [],
}: {
  readonly names?: readonly string[];
  readonly patterns?: readonly string[];
}): SecretRules {
  return {
    names: [...NAMES, ...names.map((source) => new RegExp(source, 'i'))],
    patterns: [...PATTERNS, ...patterns.map((source) => new RegExp(source.includes('(?<secret>') ? source : `(?<secret>${source})`, 'g'))],
  };
}

/** Whether a value of this name is a secret. Camel case counts as words. */
export function isSecretName(name: string, { names }: SecretRules): boolean {
  const words = name.replaceAll(/([a-z0-9])([A-Z])/g, '$1-$2').toLowerCase();
  return names.some((rule) => rule.test(words));
}
