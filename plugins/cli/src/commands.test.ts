import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir, readFile } from 'node:fs/promises';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { COMMANDS } from './commands.ts';
import { runShiplog } from './run-shiplog.test.double.ts';
import { VERSION } from './version.ts';

const test = suite('commands');

test('given the files of verbs, when compared with the table, then each is in it once', async () => {
  const files = (await readdir(new URL('verbs', import.meta.url)))
    .filter((name) => /^[a-z-]+\.js$/.test(name))
    .map((name) => name.slice(0, -3));
  const named = Object.keys(COMMANDS).map((name) => name.replace(' ', '-'));
  assert.equal(files.toSorted(), named.toSorted());
});

test('given every verb, when its facts are read, then it has an example that begins with its name, and no short option twice', async () => {
  for (const [name, command] of Object.entries(COMMANDS)) {
    const verb = (await command.load()).default;
    assert.ok(
      verb.examples.some((example) => example.command.includes(`shiplog ${name}`)),
      name,
    );
    const shorts = Object.values(verb.options).flatMap((option) => option.short ?? []);
    assert.is(new Set(shorts).size, shorts.length, name);
    const help = await runShiplog(['help', ...name.split(' ')]);
    assert.is(help.code, 0);
    assert.ok(help.stdout.startsWith(`Usage: shiplog ${name}`));
    for (const option of Object.keys(verb.options)) assert.ok(help.stdout.includes(`--${option}`), `${name} --${option}`);
  }
});

test('given package.json, when compared with the version we print, then they are the same', async () => {
  const text = await readFile(new URL('../package.json', import.meta.url), 'utf8');
  assert.is((JSON.parse(text) as { version: string }).version, VERSION);
});

test('given mistakes, when typed, then the error says what was meant and what to do', async () => {
  const told = async (...argv: string[]): Promise<string> => (await runShiplog(argv)).stderr;
  assert.match(await told('rnu'), 'did you mean `shiplog run`?');
  assert.match(await told('login', 'registry'), 'there is no verb "login"\nno passwords are kept here');
  assert.match(await told('ps', '--al'), 'did you mean --all?');
  assert.match(await told('network'), 'shiplog network create');
  assert.match(await told('rm'), 'CONTAINER [CONTAINER...]');
  assert.match(await told('rename', 'a', 'b', 'c'), 'does not take "c"');
  assert.match(await told('stop', '-t'), '-t needs a value: -t SECONDS');
  assert.match(await told('rm', '--force=maybe', 'a'), '--force=true or --force=false');
  assert.is((await runShiplog(['ps', '-z'])).code, 125);
});

for (const shell of ['bash', 'zsh']) {
  test(`given ${shell} completion, when printed, then it knows verbs, flags and where values come from`, async () => {
    const { stdout } = await runShiplog(['completion', shell]);
    for (const text of ['network', 'verify', '--detach', 'unless-stopped', 'shiplog images --format'])
      assert.ok(stdout.includes(text), text);
  });
}

test('given bash, when it sources the completion, then it offers what fits', async () => {
  const { stdout: script } = await runShiplog(['completion', 'bash']);
  const complete = async (...words: string[]): Promise<string> => {
    const line = words.map((word) => `'${word}'`).join(' ');
    const asked = `${script}\nCOMP_WORDS=(${line}); COMP_CWORD=${words.length - 1}; _shiplog; echo "\${COMPREPLY[*]}"`;
    const bash = spawn('bash', ['-c', asked], { stdio: ['ignore', 'pipe', 'inherit'] });
    let out = '';
    bash.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()));
    await once(bash, 'close');
    return out.trim();
  };
  assert.is(await complete('shiplog', 'un'), 'unpause');
  assert.is(await complete('shiplog', 'network', 'cr'), 'create');
  assert.is(await complete('shiplog', 'container', 'pr'), 'prune');
  assert.is(await complete('shiplog', 'container', 'st'), 'start stop stats');
  assert.is(await complete('shiplog', 'image', 'ls', '--no-'), '--no-trunc');
  assert.is(await complete('shiplog', 'container', 'run', '--restart', 'un'), 'unless-stopped');
  assert.is(await complete('shiplog', 'run', '--restart', 'un'), 'unless-stopped');
  assert.is(await complete('shiplog', 'run', '--read'), '--read-only');
});

test('given a word that begins several verbs, when its help is asked for in any way, then it names them all', async () => {
  for (const argv of [
    ['log', '--help'],
    ['log', '-h'],
    ['help', 'log'],
  ]) {
    const { code, stdout, stderr } = await runShiplog(argv);
    assert.equal([code, stderr], [0, '']);
    assert.match(stdout, /shiplog log verify: .*\n[^]*shiplog log prove: .*\n[^]*`shiplog help log export` explains one/);
  }
  const { code, stderr } = await runShiplog(['log', 'frobnicate', '--help']);
  assert.is(code, 125);
  assert.match(stderr, 'log has no verb "frobnicate"');
});

test('given Docker’s groups of verbs, when they are typed, then they are the verbs that stand alone here, with their help', async () => {
  const usage = async (...argv: string[]): Promise<string | undefined> => {
    const [asked, helped] = await Promise.all([runShiplog([...argv, '--help']), runShiplog(['help', ...argv])]);
    assert.equal([asked.code, asked.stdout], [0, helped.stdout], argv.join(' '));
    return /^Usage: shiplog ([a-z ]*[a-z])/.exec(asked.stdout)?.[1];
  };
  for (const [typed, meant] of [
    ['container ls', 'ps'],
    ['container rm', 'rm'],
    ['container stop', 'stop'],
    ['container inspect', 'inspect'],
    ['container prune', 'container prune'],
    ['image ls', 'images'],
    ['image rm', 'rmi'],
    ['image build', 'build'],
    ['image inspect', 'inspect'],
    ['volume remove', 'volume rm'],
    ['network list', 'network ls'],
    ['system df', 'df'],
    ['builder build', 'build'],
  ] as const)
    assert.is(await usage(...typed.split(' ')), meant);
  // Verbs of others do not go behind it.
  assert.match(
    (await runShiplog(['image', 'stop', 'x'])).stderr,
    /image has no verb "stop"\n.*`shiplog image` goes before every verb of images/,
  );
  assert.match((await runShiplog(['container', '--help'])).stdout, 'and every verb of containers, such as `shiplog container ls`');
});

test.run();
