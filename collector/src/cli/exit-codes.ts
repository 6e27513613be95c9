import type { VerdictView } from '../api/schemas/verdict.ts';

/** What the exit status says; stable, for scripts. */
export const EXIT = {
  /** The gate is open; the command did what it should. */
  done: 0,
  /** Aborted, refused or failed: waiting will not help. */
  failed: 1,
  /** The command line is wrong. */
  usage: 2,
  /** The gate is closed, also when the wait ended so. */
  closed: 3,
  /** The gate is unknown or the collector cannot be reached. */
  unknown: 4,
} as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

export function exitCodeOf(status: VerdictView['status']): ExitCode {
  switch (status) {
    case 'open':
      return EXIT.done;
    case 'aborted':
      return EXIT.failed;
    case 'closed':
      return EXIT.closed;
    case 'unknown':
      return EXIT.unknown;
  }
}
