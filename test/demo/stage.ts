import type { VerdictView } from '@keyturn/collector/api/schemas/verdict.ts';
import type { Gate } from '@keyturn/shared/model/verdict.ts';
import type { TruthKeeper } from '../harness/truth.ts';
import { digest, reasonsOf } from './digest.ts';
import type { Fleet } from './fleet.ts';
import type { GateLog } from './gate-log.ts';
import type { Narrator, Tone } from './narrator.ts';
import { ToolingError } from './tooling.ts';
import type { CommandResult, Tooling } from './tooling.ts';

/** Everything a walk acts on and tells with. */
export interface Stage {
  readonly fleet: Fleet;
  readonly tooling: Tooling;
  readonly tell: Narrator;
  readonly gates: GateLog;
  readonly truth: TruthKeeper;
  /** Starts the verifiers and the clients; resolves when all of them run. */
  startTraffic(): Promise<void>;
}

const TONES: Readonly<Record<VerdictView['status'], Tone>> = {
  open: 'good',
  closed: 'waiting',
  unknown: 'waiting',
  aborted: 'bad',
};

/** Runs a command that must succeed, and shows it with its output. */
export async function run(stage: Stage, args: readonly string[]): Promise<CommandResult> {
  stage.tell.command(['keyturn', ...args]);
  const result = await stage.tooling.keyturn(args);
  for (const line of [...result.stdout, ...result.stderr]) stage.tell.output(line);
  if (result.exitCode !== 0) {
    throw new ToolingError(
      `keyturn ${args.slice(0, 2).join(' ')} ended with exit status ${result.exitCode}, expected 0`,
    );
  }
  return result;
}

/** Runs a command whose exit status is its answer, and shows it with its output. */
export async function show(stage: Stage, args: readonly string[]): Promise<CommandResult> {
  stage.tell.command(['keyturn', ...args]);
  const result = await stage.tooling.keyturn(args);
  const lines = [...result.stdout, ...result.stderr].filter((line) => line !== '');
  lines.forEach((line, index) => {
    stage.tell.output(index === 0 ? `${line} (exit status ${result.exitCode})` : line);
  });
  return result;
}

/** Asks a gate with the command line and shows the answer; any answer is fine. */
export async function ask(stage: Stage, gate: Gate): Promise<VerdictView> {
  stage.tell.command(['keyturn', 'gate', gate]);
  const result = await stage.tooling.keyturn(['gate', gate, '-o', 'json']);
  return answer(stage, result);
}

/** Waits with `keyturn gate --wait` until the gate opens, showing each change. */
export async function waitOpen(stage: Stage, gate: Gate): Promise<VerdictView> {
  const args = ['gate', gate, '--wait', '--timeout', '60s'];
  stage.tell.command(['keyturn', ...args]);
  const result = await whileCounting(stage, () =>
    stage.tooling.keyturn([...args, '-o', 'json'], (line) => {
      stage.tell.output(line, 'faint');
    }),
  );
  const verdict = answer(stage, result);
  if (result.exitCode !== 0) {
    throw new ToolingError(`gate ${gate} did not open in time: ${verdict.summary}`);
  }
  return verdict;
}

/** Follows a gate over HTTP until `until` holds; each change is handed to `changed`. */
export async function follow(
  stage: Stage,
  rotationId: string,
  gate: Gate,
  until: (verdict: VerdictView) => boolean,
  changed: (verdict: VerdictView) => void = () => undefined,
): Promise<VerdictView> {
  const endsAtMs = Date.now() + FOLLOW_MS_MAX;
  let verdict = await stage.tooling.verdict(rotationId, gate);
  while (!until(verdict)) {
    if (Date.now() > endsAtMs) {
      throw new ToolingError(`gate ${gate} did not get there in time: ${verdict.summary}`);
    }
    const next = await stage.tooling.verdict(rotationId, gate, verdict.revision);
    if (next.revision !== verdict.revision) changed(next);
    verdict = next;
  }
  return verdict;
}

/** Tells now and then how the tokens fare, so that a long wait is not a silent one. */
export async function whileCounting<T>(stage: Stage, work: () => Promise<T>): Promise<T> {
  const timer = setInterval(() => {
    const { tried, rejected } = stage.truth;
    stage.tell.output(`… ${tried} valid tokens tried, ${rejected} rejected`, 'faint');
  }, COUNT_EVERY_MS);
  try {
    return await work();
  } finally {
    clearInterval(timer);
  }
}

const COUNT_EVERY_MS = 4_000;
const FOLLOW_MS_MAX = 60_000;

function answer(stage: Stage, result: CommandResult): VerdictView {
  let verdict: VerdictView;
  try {
    verdict = JSON.parse(result.stdout.join('\n')) as VerdictView;
  } catch {
    throw new ToolingError(
      `keyturn gate ended with exit status ${result.exitCode} and no answer: ${result.stderr.join(' ')}`,
    );
  }
  const reasons = reasonsOf(verdict).map((check) => check.id);
  stage.gates.answered(verdict.gate, verdict.status, reasons);
  digest(verdict).forEach(({ text, indent }, index) => {
    const status = index === 0 ? ` (exit status ${result.exitCode})` : '';
    stage.tell.output(
      ' '.repeat(indent) + text + status,
      index === 0 ? TONES[verdict.status] : 'plain',
    );
  });
  return verdict;
}
