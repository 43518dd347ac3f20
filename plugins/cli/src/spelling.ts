import { COMMANDS } from './commands.ts';

/** What Docker calls things in groups of verbs, where it is not the verb's own name. */
const SPELLINGS: { readonly [words: string]: readonly string[] } = {
  'container ls': ['ps'],
  'container list': ['ps'],
  'container commit': ['commit'],
  'container diff': ['changes'],
  'container inspect': ['inspect', '--type', 'container'],
  'image ls': ['images'],
  'image list': ['images'],
  'image rm': ['rmi'],
  'image remove': ['rmi'],
  'image inspect': ['inspect', '--type', 'image'],
  'network list': ['network', 'ls'],
  'network remove': ['network', 'rm'],
  'volume list': ['volume', 'ls'],
  'volume remove': ['volume', 'rm'],
  'system df': ['df'],
  'system info': ['info'],
  'system events': ['events'],
  'builder build': ['build'],
};

/** A command line in our words: `container ls` and `image rm` are what `ps` and `rmi` are, and `container stop` what `stop` is. */
export function inOurWords(argv: readonly string[]): readonly string[] {
  const [group = '', verb = '', ...rest] = argv;
  const words = `${group} ${verb}`;
  if (Object.hasOwn(COMMANDS, words)) return argv;
  const spelling = Object.hasOwn(SPELLINGS, words) ? SPELLINGS[words] : undefined;
  if (spelling !== undefined) return [...spelling, ...rest];
  const command = Object.hasOwn(COMMANDS, verb) ? COMMANDS[verb] : undefined;
  return isGroup(group) && command?.group === `${group}s` ? [verb, ...rest] : argv;
}

/** Other ways to type a verb, for completion: within a group of Docker's, one word for each. */
export function otherSpellings(name: string): readonly string[] {
  const { group } = COMMANDS[name] ?? {};
  const grouped = ['container', 'image'].filter((word) => !name.includes(' ') && group === `${word}s`).map((word) => `${word} ${name}`);
  const listed = Object.entries(SPELLINGS).flatMap(([words, meant]) => (meant.join(' ').split(' --')[0] === name ? [words] : []));
  // Where Docker has two words for one, the shorter; and where it has another for the whole, that alone.
  const short = listed.filter((words) => !/ (?:list|remove)$/.test(words) && !words.startsWith('builder '));
  return short.length > 0 ? short : grouped;
}

/** Whether a word goes before verbs of its group that stand alone with us. */
export function isGroup(word: string): boolean {
  return word === 'container' || word === 'image';
}
