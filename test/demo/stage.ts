import type { VerdictView } from '@keyturn/collector/api/schemas/verdict.ts';
import type { Gate } from '@keyturn/shared/model/verdict.ts';
import type { TruthKeeper } from '../harness/truth.ts';
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
}

const TONES: Readonly<Record<VerdictView['status'], Tone>> = {
  open: 'good',
  closed: 'waiting',
  unknown: 'waiting',
  aborted: 'bad',
};

/** The ids of the checks that keep a gate from opening. */
export function reasonIds(verdict: VerdictView): readonly string[] {
  return verdict.checks
    .filter((check) => check.status === 'fail' || check.status === 'unknown')
    .map((check) => check.id);
}

/** Runs a command that must succeed, and shows it with its output. */
export async function run(stage: Stage, args: readonly string[]): Promise<CommandResult> {
  stage.tell.command(['keyturn', ...args.map(shellQuoted)].join(' '));
  const result = await stage.tooling.keyturn(args);
  show(stage, result.lines);
  if (result.exitCode !== 0) {
    throw new ToolingError(
      `keyturn ${args.slice(0, 2).join(' ')} ended with ${result.exitCode}: ${result.lines.join('\n')}`,
    );
  }
  return result;
}

/** Asks a gate with the command line and shows the answer; any answer is fine. */
export async function ask(stage: Stage, rotationId: string, gate: Gate): Promise<VerdictView> {
  const verdict = await stage.tooling.verdict(rotationId, gate);
  stage.gates.answered(gate, verdict.status, reasonIds(verdict));
  stage.tell.command(`keyturn gate ${gate}`);
  const result = await stage.tooling.keyturn(['gate', gate]);
  show(stage, result.lines, TONES[verdict.status]);
  return verdict;
}

/** Waits with `keyturn gate --wait` until the gate opens, showing each change. */
export async function waitOpen(stage: Stage, rotationId: string, gate: Gate): Promise<VerdictView> {
  const args = ['gate', gate, '--wait', '--timeout', '60s'];
  stage.tell.command(['keyturn', ...args].join(' '));
  const result = await stage.tooling.keyturn(args, (line) => {
    show(stage, [line]);
  });
  const verdict = await stage.tooling.verdict(rotationId, gate);
  if (result.exitCode !== 0) {
    throw new ToolingError(`gate ${gate} did not open in time: ${verdict.summary}`);
  }
  stage.gates.answered(gate, 'open', []);
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
  let verdict = await stage.tooling.verdict(rotationId, gate);
  while (!until(verdict)) {
    const next = await stage.tooling.verdict(rotationId, gate, verdict.revision);
    if (next.revision !== verdict.revision) changed(next);
    verdict = next;
  }
  return verdict;
}

// Passing checks are left out of what is shown, as the introduction says.
function show(stage: Stage, lines: readonly string[], tone: Tone = 'plain'): void {
  let first = true;
  for (const line of lines) {
    if (line.trim() === '' || line.startsWith('passing: ')) continue;
    stage.tell.output(line, first ? tone : 'plain');
    first = false;
  }
}

function shellQuoted(arg: string): string {
  return /^[\w./:@=+-]+$/.test(arg) ? arg : `"${arg.replaceAll('"', '\\"')}"`;
}
