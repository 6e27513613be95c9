import { parseDurationMs } from '@keyturn/shared/settings.ts';
import { InvalidArgumentError, type Command, Option } from 'commander';
import {
  connect,
  type ConnectionOptions,
  DEFAULT_COLLECTOR,
  DEFAULT_TOKEN_FILE,
} from './connection.ts';
import type { Client } from './client.ts';
import type { ExitCode } from './exit-codes.ts';
import { NO_PAINT, type Paint, TERMINAL_PAINT } from './paint.ts';
import type { World } from './world.ts';

/** What commands are made with. */
export interface CommandContext {
  readonly world: World;
  /** Options given before the command's name. */
  readonly given: () => ConnectionOptions;
  /** A command's exit status; the last one set counts. */
  exit(code: ExitCode): void;
}

/** Options of every command that talks to the collector. */
export interface CommonOptions extends ConnectionOptions {
  readonly output: 'text' | 'json';
}

/** Adds a command with the options every command has. */
export function command(
  parent: Command,
  nameAndArguments: string,
  description: string,
  how: { readonly isDefault?: boolean } = {},
): Command {
  return parent
    .command(nameAndArguments, how)
    .description(description)
    .addOption(collectorOption())
    .addOption(
      new Option('-o, --output <format>', 'how to print').choices(['text', 'json']).default('text'),
    );
}

export function collectorOption(): Option {
  return new Option(
    '--collector <url>',
    `the collector's address (default: ${DEFAULT_COLLECTOR}; env: KEYTURN_COLLECTOR)`,
  );
}

/** Adds what acts need: who acts, and the token. */
export function actOptions(made: Command, world: World): Command {
  return made
    .option('--by <name>', 'who acts, for the audit trail', world.environment.userName)
    .option(
      '--token-file <file>',
      `file with the operator token (default: ${DEFAULT_TOKEN_FILE}; env: KEYTURN_OPERATOR_TOKEN or KEYTURN_OPERATOR_TOKEN_FILE)`,
    );
}

export function rotationOption(made: Command): Command {
  return made.option('--rotation <id>', 'which rotation (default: the one that is open)');
}

export function clientOf(context: CommandContext, options: ConnectionOptions): Client {
  return connect(context.world, { ...context.given(), ...options });
}

/** Prints an answer as JSON, or as the text made of it. */
export function print<T>(
  context: CommandContext,
  options: CommonOptions,
  body: T,
  text: (body: T, paint: Paint) => string,
): void {
  const { out } = context.world;
  out.write(
    options.output === 'json' ? `${JSON.stringify(body, null, 2)}\n` : text(body, paintOf(context)),
  );
}

export function paintOf({ world }: CommandContext): Paint {
  return world.out.isTerminal && world.environment.colours ? TERMINAL_PAINT : NO_PAINT;
}

/** A duration on the command line, milliseconds. */
export function durationArgument(text: string): number {
  const ms = parseDurationMs(text);
  if (ms === undefined) {
    throw new InvalidArgumentError('Expected a duration with a unit, such as 90s, 30m or 1h30m.');
  }
  return ms;
}

/** A validity on the command line, whole seconds. */
export function validityArgument(text: string): number {
  const s = Math.floor(durationArgument(text) / 1_000);
  if (s < 1) throw new InvalidArgumentError('Expected at least 1s.');
  return s;
}

export function countArgument(max: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (/^\d+$/.test(text) && value >= 1 && value <= max) return value;
    throw new InvalidArgumentError(`Expected a whole number from 1 to ${max}.`);
  };
}
