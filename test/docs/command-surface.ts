import { systemClock } from '@keyturn/shared/clock.ts';
import { runCli } from '@keyturn/collector/cli/run-cli.ts';

/** A command with everything `--help` lists. */
export interface Command {
  readonly options: ReadonlySet<string>;
  readonly commands: ReadonlyMap<string, Command>;
}

/** Options that a help text lists. */
export function optionsOf(help: string): ReadonlySet<string> {
  const listed = help
    .split('\n')
    .filter((line) => /^\s{2,}-|\[--?\w|^ +keyturn-\w+ .*--/.test(line));
  return new Set(
    listed.flatMap((line) =>
      [...line.matchAll(/(?<![\w-])--?[a-z][a-z-]*/g)].map(([option]) => option),
    ),
  );
}

/** `keyturn` as its own help texts tell of it, command by command. */
export async function cliSurface(path: readonly string[] = []): Promise<Command> {
  const help = await helpOf(path);
  const commands = new Map<string, Command>();
  for (const name of namesOf(help)) commands.set(name, await cliSurface([...path, name]));
  return { options: optionsOf(help), commands };
}

function namesOf(help: string): readonly string[] {
  const [, list = ''] = /^Commands:\n((?: .*\n)*)/m.exec(help) ?? [];
  return [...list.matchAll(/^ {2}([a-z][a-z-]*)/gm)]
    .map(([, name = '']) => name)
    .filter((name) => name !== 'help');
}

async function helpOf(path: readonly string[]): Promise<string> {
  let text = '';
  const output = { write: (part: string) => void (text += part), isTerminal: false, columns: 200 };
  await runCli([...path, '--help'], {
    out: output,
    err: output,
    environment: {
      collector: undefined,
      operatorToken: undefined,
      operatorTokenFile: undefined,
      colours: false,
      userName: 'docs',
    },
    clock: systemClock,
    fetch: globalThis.fetch,
    version: '0.0.0',
    readText: async () => '',
  });
  return text;
}
