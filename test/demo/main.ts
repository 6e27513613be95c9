import { isatty } from 'node:tty';
import { runDemo } from './demo.ts';
import { USAGE, parseArguments } from './options.ts';

const parsed = parseArguments(process.argv.slice(2));
switch (parsed.kind) {
  case 'help':
    process.stdout.write(USAGE);
    break;
  case 'wrong':
    process.stderr.write(`${parsed.problem}\n\n${USAGE}`);
    process.exitCode = 2;
    break;
  case 'run': {
    const out = parsed.options.json ? process.stderr : process.stdout;
    const interrupt = new AbortController();
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
      process.on(signal, () => {
        // A second time means at once; children end with their parent.
        if (interrupt.signal.aborted) process.exit(130);
        interrupt.abort(signal);
      });
    }
    // A reader that goes away ends the demo as Ctrl-C would.
    for (const stream of [process.stdout, process.stderr]) {
      stream.on('error', () => {
        interrupt.abort('SIGPIPE');
      });
    }
    process.exitCode = await runDemo({
      options: parsed.options,
      out,
      colour: isatty(out.fd) && (process.env.NO_COLOR ?? '') === '' && process.env.TERM !== 'dumb',
      env: withoutOwnSettings(process.env),
      interrupted: interrupt.signal,
    });
  }
}

/** A KEYTURN_* of the caller's shell is meant for the caller's collector, not for the demo's. */
function withoutOwnSettings(env: NodeJS.ProcessEnv): Readonly<Record<string, string>> {
  const kept: Record<string, string> = {};
  for (const [name, value] of Object.entries(env)) {
    if (value !== undefined && !name.startsWith('KEYTURN_')) kept[name] = value;
  }
  return kept;
}
