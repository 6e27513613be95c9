import { parseArgs } from 'node:util';

export interface DemoOptions {
  readonly mode: 'gated' | 'impatient';
  /** Impatient only: the signer goes back once on-call is told. */
  readonly rollback: boolean;
  readonly json: boolean;
  readonly keep: boolean;
}

export type ParsedArguments =
  | { readonly kind: 'run'; readonly options: DemoOptions }
  | { readonly kind: 'help' }
  | { readonly kind: 'wrong'; readonly problem: string };

export const USAGE = `Usage: pnpm demo [--impatient [--rollback]] [--json] [--keep]

Rotates the signing key of a real issuer under six real verifiers with steady traffic, and shows at
each step whether Keyturn says it is safe, and why. Everything runs on 127.0.0.1, takes free ports
and a temporary directory, and is gone afterwards. It takes about a minute.

  --impatient  rotate the way it is often done without evidence: publish and sign at once, withdraw
               the old key after a short guess; counts the valid tokens this breaks, and shows the
               alert that fires meanwhile
  --rollback   with --impatient: keep the old key, go back to it as the alert advises, and follow the
               fleet until nothing fires any more
  --json       print the summary as one JSON line, the last of standard output; the story goes to
               standard error
  --keep       stay up after the summary and print addresses and commands to try, until Ctrl-C
  --help       show this

Exit status: 0 when the run showed what it claims (no valid token rejected; with --impatient, some
rejected and an alert raised), 1 when it did not or something failed, 2 for a wrong argument, 130 after Ctrl-C.
`;

/** Reads the command line; a leading `--`, as package managers pass it on, is skipped. */
export function parseArguments(argv: readonly string[]): ParsedArguments {
  try {
    const { values } = parseArgs({
      args: argv[0] === '--' ? argv.slice(1) : [...argv],
      options: {
        impatient: { type: 'boolean', default: false },
        rollback: { type: 'boolean', default: false },
        json: { type: 'boolean', default: false },
        keep: { type: 'boolean', default: false },
        help: { type: 'boolean', short: 'h', default: false },
      },
    });
    if (values.help) return { kind: 'help' };
    if (values.rollback && !values.impatient) {
      return {
        kind: 'wrong',
        problem: '--rollback goes with --impatient: pnpm demo --impatient --rollback',
      };
    }
    return {
      kind: 'run',
      options: {
        mode: values.impatient ? 'impatient' : 'gated',
        rollback: values.rollback,
        json: values.json,
        keep: values.keep,
      },
    };
  } catch (error) {
    return { kind: 'wrong', problem: error instanceof Error ? error.message : String(error) };
  }
}
