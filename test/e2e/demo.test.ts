import { execFileSync, spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import t from 'tap';
import type { Test } from 'tap';
import { missingFrom } from '../demo/summary.ts';
import type { Summary } from '../demo/summary.ts';

const MAIN = fileURLToPath(new URL('../demo/main.ts', import.meta.url));
const RUN_MS_MAX = 90_000;

interface Run {
  readonly child: ChildProcess;
  readonly temp: string;
  stdout: string;
  stderr: string;
  /** Every process the demo was seen to start, with its command line. */
  readonly started: Map<number, string>;
  readonly ended: Promise<number | null>;
}

/** Starts the demo as a user would, in a temporary directory of its own. */
function start(temp: string, args: readonly string[]): Run {
  mkdirSync(temp);
  const child = spawn(process.execPath, [MAIN, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, TMPDIR: temp },
  });
  const started = new Map<number, string>();
  const look = setInterval(() => {
    for (const [pid, command] of childrenOf(child.pid)) started.set(pid, command);
  }, 400);
  const ended = once(child, 'close').then(([code]) => {
    clearInterval(look);
    return code as number | null;
  });
  const run: Run = { child, temp, stdout: '', stderr: '', started, ended };
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    run.stdout += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    run.stderr += text;
  });
  return run;
}

function childrenOf(parent: number | undefined): readonly (readonly [number, string])[] {
  const table = execFileSync('ps', ['-A', '-o', 'pid=,ppid=,args='], { encoding: 'utf8' });
  return table.split('\n').flatMap((line) => {
    const [, pid, ppid, command = ''] = /^\s*(\d+)\s+(\d+)\s+(.*)$/.exec(line) ?? [];
    const isOurs = Number(ppid) === parent && !command.startsWith('ps ');
    return isOurs ? [[Number(pid), command] as const] : [];
  });
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

async function until(run: Run, what: () => boolean): Promise<void> {
  while (!what() && run.child.exitCode === null) {
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

function nothingIsLeft(t: Test, run: Run, processesMin: number): void {
  t.ok(run.started.size >= processesMin, `saw ${run.started.size} processes`);
  t.strictSame(
    [...run.started].filter(([pid]) => isAlive(pid)),
    [],
    'no process is left',
  );
  t.strictSame(readdirSync(run.temp), [], 'no file is left');
}

function summaryOf(run: Run): Summary {
  const lines = run.stdout.trimEnd().split('\n');
  return JSON.parse(lines.at(-1) ?? '') as Summary;
}

// Two runs of about 40 s at the same time, one of 40 s, and two short ones; more on a busy machine.
t.setTimeout(300_000);

const directory = t.testdir();
const runs = {
  gated: start(join(directory, 'gated'), ['--json']),
  impatient: start(join(directory, 'impatient'), ['--impatient', '--json']),
};
t.teardown(() => {
  for (const run of Object.values(runs)) run.child.kill('SIGTERM');
});

t.test('impatient: valid tokens are rejected, and it is told which', async (t) => {
  const run = runs.impatient;
  t.equal(await run.ended, 0, 'exit status', { stderr: run.stderr.slice(-3_000) });
  const summary = summaryOf(run);
  t.strictSame(missingFrom(summary), []);
  t.equal(summary.mode, 'impatient');
  t.ok(summary.validTokensRejected > 0);
  t.equal(
    summary.rejections.reduce((sum, row) => sum + row.count, 0),
    summary.validTokensRejected,
  );
  t.ok(
    summary.rejections.some((row) => row.verifier === 'warehouse' && row.kid === '2026-b'),
    'static keys know nothing of the new key',
  );
  t.ok(
    summary.rejections.some((row) => row.kid === '2026-a'),
    'old tokens outlive the guess',
  );
  t.equal(summary.alert?.name, 'VerificationFailures');
  t.equal(summary.alert?.overAfterSeconds, null, 'too late to go back');
  t.match(run.stderr, /critical VerificationFailures: /);
  t.equal(summary.gates.activate?.openedAtSeconds, null);
  t.equal(summary.gates.retire?.openedAtSeconds, null);
  t.ok(summary.durationSeconds * 1_000 < RUN_MS_MAX);
  nothingIsLeft(t, run, 8);
});

t.test('gated: no valid token is rejected, every gate shut first and then opened', async (t) => {
  const run = runs.gated;
  t.equal(await run.ended, 0, 'exit status', { stderr: run.stderr.slice(-3_000) });
  t.equal(run.stdout.trimEnd().split('\n').length, 1, 'standard output is the summary alone');
  const summary = summaryOf(run);
  t.strictSame(missingFrom(summary), []);
  t.equal(summary.mode, 'gated');
  t.equal(summary.validTokensRejected, 0);
  // A restart in the walk may cut requests short on a busy machine; that is no verdict on a token.
  t.ok(summary.requestsUnanswered < 20, `${summary.requestsUnanswered} unanswered`);
  t.ok(summary.validTokensTried > 500, `${summary.validTokensTried} tokens tried`);
  t.equal(summary.gates.publish?.firstAnswer, 'unknown', 'the verifiers are not heard yet');
  t.ok(summary.gates.publish?.firstReasons.includes('fleet_heard'));
  for (const gate of ['activate', 'retire', 'purge'] as const) {
    t.equal(summary.gates[gate]?.firstAnswer, 'closed', gate);
  }
  t.ok(summary.gates.activate?.firstReasons.includes('attested'));
  t.ok(summary.gates.retire?.firstReasons.includes('old_tokens_expired'));
  t.ok(summary.overlapSeconds > 12, 'longer than the longest token lives');
  t.ok(summary.overlapSeconds < summary.fixedWaitSeconds);
  t.ok(summary.durationSeconds * 1_000 < RUN_MS_MAX);
  for (const words of [
    'orders-2 restarts',
    'keyturn attest warehouse',
    'Retry-After',
    'phase gone',
    'No alert of refused tokens was raised',
  ])
    t.match(run.stderr, words);
  for (const line of run.stderr.split('\n')) {
    if (line.length > 100) t.fail(`longer than 100 columns: ${line}`);
  }
  nothingIsLeft(t, run, 9);
});

t.test(
  'rollback: the alert advises it, the signer goes back, and nothing fires any more',
  async (t) => {
    const run = start(join(directory, 'rollback'), ['--impatient', '--rollback', '--json']);
    t.equal(await run.ended, 0, 'exit status', { stderr: run.stderr.slice(-3_000) });
    const summary = summaryOf(run);
    t.strictSame(missingFrom(summary), []);
    t.ok(summary.validTokensRejected > 0);
    t.match(summary.alert, { name: 'VerificationFailures', overAfterSeconds: Number });
    t.equal(summary.gates.rollback?.firstAnswer, 'open');
    for (const words of ['going back is advised', 'no alert fires', 'phase aborted']) {
      t.match(run.stderr, words);
    }
    nothingIsLeft(t, run, 8);
  },
);

t.test('Ctrl-C in the middle leaves nothing behind', async (t) => {
  const run = start(join(directory, 'interrupted'), []);
  await until(run, () => run.stdout.includes('May the issuer sign'));
  run.child.kill('SIGINT');
  t.equal(await run.ended, 130, 'exit status', { stderr: run.stderr });
  t.match(run.stdout, 'Interrupted');
  nothingIsLeft(t, run, 8);
});

t.test('a process that dies ends the demo, which says how', async (t) => {
  const run = start(join(directory, 'broken'), []);
  const sidecar = (): number | undefined =>
    [...run.started].find(([, command]) => command.includes('agent/src/main.ts'))?.[0];
  await until(run, () => run.stdout.includes('May 2026-b enter') && sidecar() !== undefined);
  process.kill(sidecar() ?? 0, 'SIGKILL');
  t.equal(await run.ended, 1, 'exit status', { stderr: run.stderr });
  t.match(run.stdout, 'keyturn-agent ended by SIGKILL. Its last lines:');
  nothingIsLeft(t, run, 2);
});

t.test('a wrong argument is told with the right ones', async (t) => {
  const run = start(join(directory, 'wrong'), ['--patient']);
  t.equal(await run.ended, 2);
  t.match(run.stderr, "Unknown option '--patient'");
  t.match(run.stderr, 'Usage: pnpm demo [--impatient [--rollback]] [--json] [--keep]');
  const alone = start(join(directory, 'alone'), ['--rollback']);
  t.equal(await alone.ended, 2);
  t.match(alone.stderr, '--rollback goes with --impatient');
});
