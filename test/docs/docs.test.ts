import { existsSync, readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { stripTypeScriptTypes } from 'node:module';
import { hostname } from 'node:os';
import { dirname, join, relative } from 'node:path';
import t from 'tap';
import { parse } from 'yaml';
import * as agent from '@keyturn/agent';
import { loadConfig } from '@keyturn/collector/config/config.ts';
import { profiles } from '@keyturn/collector/config/profiles.ts';
import { messageOf } from '@keyturn/shared/errors.ts';
import { readConfig } from '../../agent/src/config.ts';
import { PROGRAMS, REPOSITORY } from '../harness/programs.ts';
import { runToEnd } from '../harness/run-to-end.ts';
import { tempDirectory } from '../harness/temp-directory.ts';
import { teardownWith } from '../harness/teardown-with.ts';
import { commandLinesOf, problemsOf } from './command-lines.ts';
import { cliSurface, optionsOf } from './command-surface.ts';
import { blocksIn, found, readDocuments } from './documents.ts';
import { anchorsOf, inlineCodeOf, linksOf } from './markdown.ts';
import { linesOf } from './run-block.ts';
import { STAGES } from './stages.ts';

const COLLECTOR_KEYS = ['listen', 'data', 'operator_token_file', 'issuers', 'services', 'policy'];
const AGENT_KEYS = ['collector', 'service', 'instance', 'proxy', 'push', 'verifiers', 'log'];

/** Words that follow `pnpm` in a sentence. */
const WORDS: ReadonlySet<string> = new Set(['and', 'is', 'packages', 'to']);

const cleanup = teardownWith(t);
const directory = await tempDirectory(cleanup);

const texts = await readDocuments();
const blocks = blocksIn(texts);
t.ok(texts.has('README.md'), [...texts.keys()].join(', '));

t.jobs = 2;

t.test('every shell block is run, or says why not', async (t) => {
  const stages: readonly string[] = STAGES;
  const script = readFileSync(join(REPOSITORY, '.ci/run'), 'utf8');
  for (const block of blocks.filter(({ language }) => language === 'sh')) {
    const where = `${block.file}:${block.line}`;
    t.ok(block.mark, `${where}: expected <!-- run: STAGE -->, or that it is not run and why`);
    if (block.mark?.kind === 'run') t.ok(stages.includes(block.mark.stage), where);
    if (block.mark?.kind !== 'ci') continue;
    for (const line of linesOf(block)) t.ok(isPartOf(script, line), `${where}: ${line}`);
  }
});

t.test('every JSON and YAML block parses, settings pass the real checks', async (t) => {
  for (const { file, line, language, text } of blocks) {
    const where = `${file}:${line}`;
    if (language === 'json') t.doesNotThrow(() => JSON.parse(text), where);
    else if (language === 'yaml') t.same(await settingsProblems(text), [], where);
  }
});

t.test('every TypeScript block reads, and imports what there is', async (t) => {
  const exported = new Set(Object.keys(agent));
  for (const { file, line, text } of blocks.filter(({ language }) => language === 'ts')) {
    const where = `${file}:${line}`;
    t.doesNotThrow(() => stripTypeScriptTypes(text), where);
    for (const [, names = ''] of text.matchAll(/import \{([^}]*)\} from '@keyturn\/agent'/g)) {
      for (const name of names.split(',').map((each) => each.trim())) {
        t.ok(name === '' || exported.has(name), `${where}: ${name}`);
      }
    }
  }
});

t.test('the example settings pass --check', async (t) => {
  for (const [program, file] of [
    ['collector', 'collector/example/collector.yaml'],
    ['agent', 'agent/example/agent.yaml'],
  ] as const) {
    const args = [PROGRAMS[program], '--check', '--config', join(REPOSITORY, file)];
    const ended = await runToEnd({ args, cwd: directory });
    t.equal(ended.code, 0, `${file}: ${ended.stderr}`);
    t.match(ended.stdout, /no problems/);
  }
});

t.test('every command and option named is there', async (t) => {
  const keyturn = await cliSurface();
  t.ok(keyturn.commands.size >= 8, [...keyturn.commands.keys()].join(', '));
  const programs = new Map([['keyturn', keyturn]]);
  for (const program of ['collector', 'agent'] as const) {
    const { stdout } = await runToEnd({ args: [PROGRAMS[program], '--help'], cwd: directory });
    programs.set(`keyturn-${program}`, { options: optionsOf(stdout), commands: new Map() });
  }
  // What gates and messages tell people to type must work as well.
  const sources = await found(['{agent,collector}/src/**/*.ts']);
  const told = sources.map((file) => [file, readFileSync(join(REPOSITORY, file), 'utf8')] as const);
  const places = [
    ...blocks
      .filter(isCommandText)
      .map(({ file, line, text }) => [`${file}:${line}`, text] as const),
    ...[...texts].map(([file, text]) => [file, inlineCodeOf(text).join('\n')] as const),
    ...told.map(([file, text]) => [file, quotedCommands(text)] as const),
  ];
  let looked = 0;
  for (const [where, text] of places) {
    for (const [program, surface] of programs) {
      for (const line of commandLinesOf(program, text)) {
        looked += 1;
        t.same(problemsOf(line, surface), [], where);
      }
    }
  }
  t.ok(looked >= 20, `${looked} command lines`);
});

t.test('every script, environment variable and path named is there', async (t) => {
  const { scripts } = JSON.parse(readFileSync(join(REPOSITORY, 'package.json'), 'utf8'));
  const builtIn = new Set(['install', 'pack', 'exec', 'run']);
  const sources = await found(['{agent,collector,shared,test}/{src,tools,e2e}/**/*.{ts,js,mjs}']);
  const code = sources.map((file) => readFileSync(join(REPOSITORY, file), 'utf8')).join('\n');
  for (const [file, text] of texts) {
    for (const [, script = ''] of text.matchAll(/\bpnpm(?:@[\d.]+)? (?:run )?([a-z][a-z:]*)/g)) {
      if (WORDS.has(script)) continue;
      t.ok(builtIn.has(script) || script in scripts, `${file}: pnpm ${script}`);
    }
    for (const [name] of text.matchAll(/\bKEYTURN_[A-Z_]+\b/g)) {
      t.ok(code.includes(name), `${file}: ${name}`);
    }
    for (const path of inlineCodeOf(text)) {
      if (!/^(?:\.ci|agent|collector|shared|test)\/[\w./-]+$/.test(path)) continue;
      t.ok(existsSync(join(REPOSITORY, path)), `${file}: ${path}`);
    }
  }
});

t.test('every link leads somewhere', async (t) => {
  for (const [file, text] of texts) {
    for (const { line, target } of linksOf(file, text)) {
      if (/^(?:https?|mailto):/.test(target)) continue;
      const [path = '', anchor] = target.split('#');
      const to = path === '' ? file : relative(REPOSITORY, join(REPOSITORY, dirname(file), path));
      t.ok(existsSync(join(REPOSITORY, to)), `${file}:${line}: ${target}`);
      if (anchor !== undefined && texts.has(to)) {
        t.ok(anchorsOf(texts.get(to) ?? '').has(anchor), `${file}:${line}: ${target}`);
      }
    }
  }
});

function isCommandText({ language }: { readonly language: string }): boolean {
  return language === 'sh' || language === 'text';
}

/** The parts of source text that quote a command of ours. */
function quotedCommands(source: string): string {
  const lines = source.replaceAll('\\n', '\n');
  return [...lines.matchAll(/[`'](keyturn(?:-\w+)? [^`'\n]*)|\$ (keyturn(?:-\w+)? .*)/g)]
    .map(([, quoted, example]) => (quoted ?? example ?? '').replaceAll(/\$\{[^}]*\}/g, 'X'))
    .join('\n');
}

/** Whether `.ci/run` runs a command, or the form of it that checks instead of writing. */
function isPartOf(script: string, line: string): boolean {
  if (line === '.ci/run') return true;
  const [, name = ''] = /^(?:npx --yes )?pnpm(?:@[\d.]+)? (?:run )?([a-z:]+)/.exec(line) ?? [];
  const parts = [name, `run ${name}`, `run ${name}:check`];
  return parts.some((part) => new RegExp(`"\\$\\{pnpm\\[@\\]\\}" ${part}$`, 'm').test(script));
}

/** Why a YAML block is neither settings of the collector nor of the agent; none for other YAML. */
async function settingsProblems(text: string): Promise<readonly string[]> {
  const value: unknown = parse(text);
  if (typeof value !== 'object' || value === null) return [];
  const keys = Object.keys(value);
  const problems: string[] = [];
  if (keys.some((key) => COLLECTOR_KEYS.includes(key))) {
    const file = join(directory, 'block.yaml');
    await writeFile(file, text);
    try {
      loadConfig({ file, env: {}, cwd: directory, profiles: profiles() });
      return [];
    } catch (error) {
      problems.push(messageOf(error));
    }
  }
  if (keys.some((key) => [...AGENT_KEYS, 'issuers'].includes(key))) {
    const read = readConfig({ file: 'block.yaml', text, env: {}, hostname: hostname() });
    if (read.ok) return [];
    problems.push(...read.problems);
  }
  return problems;
}
