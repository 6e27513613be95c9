import { messageOf } from '@keyturn/shared/errors.ts';
import { Command, CommanderError } from 'commander';
import { LocalError, RefusedError, UnreachableError, UsageError } from './cli-errors.ts';
import { DEFAULT_COLLECTOR, DEFAULT_TOKEN_FILE } from './connection.ts';
import type { CommandContext } from './command-parts.ts';
import { alertsCommand } from './commands/alerts.ts';
import { attestCommand } from './commands/attest.ts';
import { auditCommand } from './commands/audit.ts';
import { doctorCommand } from './commands/doctor.ts';
import { gateCommand } from './commands/gate.ts';
import { profilesCommand } from './commands/profiles.ts';
import { removeCommand } from './commands/remove.ts';
import { reportCommand } from './commands/report.ts';
import { rotationCommand } from './commands/rotation.ts';
import { servicesCommand } from './commands/services.ts';
import { statusCommand } from './commands/status.ts';
import { verifiersCommand } from './commands/verifiers.ts';
import { waiveCommand } from './commands/waive.ts';
import { EXIT, type ExitCode, exitCodeOf } from './exit-codes.ts';
import { NO_PAINT } from './paint.ts';
import { verdictText } from './render/verdict.ts';
import type { World } from './world.ts';

/** Runs one command line; gives the exit status. Failures are told on the error stream. */
export async function runCli(args: readonly string[], world: World): Promise<ExitCode> {
  let code: ExitCode = EXIT.done;
  const context: CommandContext = {
    world,
    given: () => made.opts(),
    exit(next) {
      code = next;
    },
  };
  const made = program(context);
  try {
    await made.parseAsync(args, { from: 'user' });
    return code;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.done : EXIT.usage;
    const failed = exitCodeOfError(error);
    world.err.write(`keyturn: ${messageOf(error)}\n`);
    if (error instanceof RefusedError && error.verdict !== null) {
      world.err.write(`\n${verdictText(error.verdict, NO_PAINT)}`);
    }
    return failed;
  }
}

function program(context: CommandContext): Command {
  const { world } = context;
  const made = new Command('keyturn')
    .description('Ask and tell a Keyturn collector: is the next step of a key rotation safe?')
    .version(world.version)
    .option('--collector <url>', `the collector's address (default: ${DEFAULT_COLLECTOR})`)
    .option('--token-file <file>', `file with the operator token (default: ${DEFAULT_TOKEN_FILE})`)
    .exitOverride()
    .configureOutput({
      writeOut: (text) => world.out.write(text),
      writeErr: (text) => world.err.write(text),
      getOutHelpWidth: () => world.out.columns ?? 100,
      getErrHelpWidth: () => world.err.columns ?? 100,
    })
    .showHelpAfterError('(--help shows what is possible)')
    .addHelpText(
      'after',
      `
Exit status: 0 open or done, 1 aborted or failed, 2 usage, 3 closed, 4 unknown or unreachable.
Environment: KEYTURN_COLLECTOR, KEYTURN_OPERATOR_TOKEN, KEYTURN_OPERATOR_TOKEN_FILE, NO_COLOR,
NODE_EXTRA_CA_CERTS (for a collector with a certificate of your own CA).

Examples:
  $ keyturn status
  $ keyturn gate activate --wait --timeout 30m
  $ keyturn doctor`,
    );
  statusCommand(made, context);
  gateCommand(made, context);
  rotationCommand(made, context);
  alertsCommand(made, context);
  servicesCommand(made, context);
  verifiersCommand(made, context);
  attestCommand(made, context);
  waiveCommand(made, context);
  removeCommand(made, context);
  auditCommand(made, context);
  reportCommand(made, context);
  profilesCommand(made, context);
  doctorCommand(made, context);
  return made;
}

function exitCodeOfError(error: unknown): ExitCode {
  if (error instanceof UsageError) return EXIT.usage;
  if (error instanceof LocalError) return EXIT.failed;
  if (error instanceof UnreachableError) return EXIT.unknown;
  if (error instanceof RefusedError) return exitCodeOfRefusal(error);
  throw error;
}

/** A step refused by its gate says what the gate says. */
function exitCodeOfRefusal({ status, verdict, clearsAt }: RefusedError): ExitCode {
  if (verdict !== null) return exitCodeOf(verdict.status);
  // Time will clear it, as it will a closed gate.
  if (clearsAt !== null) return EXIT.closed;
  return status === 400 ? EXIT.usage : EXIT.failed;
}
