import type { Writable } from 'node:stream';
import { teardown } from '../harness/teardown.ts';
import type { Teardown } from '../harness/teardown.ts';
import { startTraffic } from '../harness/traffic.ts';
import type { Traffic } from '../harness/traffic.ts';
import { truthKeeper } from '../harness/truth.ts';
import type { TruthKeeper } from '../harness/truth.ts';
import { introduce, tellFailure, tellSummary, tryForgeries } from './closing.ts';
import { BATCH, WEB, startFleet } from './fleet.ts';
import type { Environment, Fleet } from './fleet.ts';
import { gateLog } from './gate-log.ts';
import { gatedWalk } from './gated.ts';
import type { Overlap } from './gated.ts';
import { type ImpatientWalk, impatientWalk, rolledBackWalk } from './impatient.ts';
import { narrator } from './narrator.ts';
import type { Narrator } from './narrator.ts';
import type { DemoOptions } from './options.ts';
import { stayUp } from './stay-up.ts';
import type { Stage } from './stage.ts';
import { FIXED_WAIT_SECONDS, missingFrom } from './summary.ts';
import type { AlertTiming, Summary } from './summary.ts';
import { LONGEST_CACHE_S, TIMINGS } from './timings.ts';
import { tooling } from './tooling.ts';

export interface DemoContext {
  readonly options: DemoOptions;
  /** Where the story goes. */
  readonly out: Writable;
  readonly colour: boolean;
  /** Environment of every child. */
  readonly env: Environment;
  /** Ctrl-C and the like. */
  readonly interrupted: AbortSignal;
}

const EXIT = { shown: 0, notShown: 1, interrupted: 130 } as const;

const CALLERS = [...Array.from({ length: 9 }, () => WEB), BATCH, BATCH, BATCH];

/** A walk that takes longer than this is stuck. */
const WALK_MS_MAX = 180_000;

/** Runs the demo from start to teardown; answers with the exit status. */
export async function runDemo(context: DemoContext): Promise<number> {
  const startedAtMs = Date.now();
  const tell = narrator({
    out: context.out,
    colour: context.colour,
    startedAtMs,
    nowMs: () => Date.now(),
  });
  const cleanups = teardown();
  try {
    return await show(context, tell, startedAtMs, cleanups);
  } catch (error) {
    if (context.interrupted.aborted) {
      tell.blank();
      tell.plain('Interrupted; stopping everything.');
      return EXIT.interrupted;
    }
    tellFailure(tell, error);
    return EXIT.notShown;
  } finally {
    for (const failure of await cleanups.run()) tell.plain(`not cleaned up: ${failure}`);
  }
}

async function show(
  context: DemoContext,
  tell: Narrator,
  startedAtMs: number,
  cleanups: Teardown,
): Promise<number> {
  const { options } = context;
  tell.title(
    options.mode === 'gated'
      ? 'Keyturn: one real key rotation, every step gated on evidence'
      : `Keyturn: the same rotation, done impatiently${options.rollback ? ', and undone' : ''}`,
  );
  tell.plain('Starting an issuer, a collector and a sidecar on 127.0.0.1 …');
  const interrupted = rejectedWhen(context.interrupted);
  const fleet = await Promise.race([startFleet(cleanups, context.env), interrupted]);
  introduce(tell, fleet, CALLERS.length);

  const truth = truthKeeper();
  const gates = gateLog(startedAtMs, () => Date.now());
  const requests = requestsTo(fleet, truth);
  cleanups.add('requests', () => requests.stop());
  const stage: Stage = {
    fleet,
    tooling: tooling(fleet, context.env, context.interrupted),
    tell,
    gates,
    truth,
    startTraffic: () => requests.start(),
  };
  const walk = walkOf(options, stage);
  const { overlap, alert } = await Promise.race([walk, fleet.failed, stuck(), interrupted]);
  await requests.stop();
  const forged = await tryForgeries(fleet);

  const summary: Summary = {
    mode: options.mode,
    validTokensTried: truth.tried,
    validTokensRejected: truth.rejected,
    requestsUnanswered: truth.unanswered,
    forgedTokensTried: forged.tried,
    forgedTokensAccepted: forged.accepted,
    ...overlapOf(overlap),
    fixedWaitSeconds: FIXED_WAIT_SECONDS,
    runbookWaitSeconds: TIMINGS.documentedTokenS + LONGEST_CACHE_S,
    durationSeconds: Math.round((Date.now() - startedAtMs) / 100) / 10,
    alert,
    gates: gates.timings(),
    rejections: truth.rejections().map(({ verifier, kid, reason, count }) => ({
      verifier,
      kid,
      reason,
      count,
    })),
  };
  tellSummary(tell, summary, truth);
  const missing = missingFrom(summary);
  tellOutcome(tell, summary, missing);
  if (options.json) process.stdout.write(`${JSON.stringify(summary)}\n`);
  if (options.keep) await stayUp(tell, fleet, truth, context.interrupted);
  return missing.length === 0 ? EXIT.shown : EXIT.notShown;
}

async function walkOf(
  { mode, rollback }: DemoOptions,
  stage: Stage,
): Promise<Pick<ImpatientWalk, 'overlap'> & { readonly alert: AlertTiming | null }> {
  if (mode === 'gated') return { overlap: await gatedWalk(stage), alert: null };
  return rollback ? rolledBackWalk(stage) : impatientWalk(stage);
}

function requestsTo(fleet: Fleet, truth: TruthKeeper) {
  let traffic: Traffic | undefined;
  return {
    async start(): Promise<void> {
      await fleet.startServices();
      traffic = startTraffic({
        issuer: fleet.issuer,
        callers: CALLERS,
        targets: () => fleet.targets,
        everyMs: TIMINGS.requestEveryMs,
        truth,
      });
    },
    async stop(): Promise<void> {
      await traffic?.stop();
    },
  };
}

function overlapOf(overlap: Overlap): Pick<Summary, 'overlapSeconds'> {
  const ms = overlap.withdrawnAtMs - overlap.publishedAtMs;
  return { overlapSeconds: Math.round(ms / 100) / 10 };
}

function tellOutcome(tell: Narrator, summary: Summary, missing: readonly string[]): void {
  tell.blank();
  if (missing.length > 0) {
    for (const line of missing) tell.result(`Not shown: ${line}.`, 'bad');
    return;
  }
  if (summary.mode === 'gated') {
    tell.result(
      `Rotated in ${summary.durationSeconds} s without rejecting one of ${summary.validTokensTried} valid tokens.`,
      'good',
    );
    return;
  }
  tell.result(
    `${summary.validTokensRejected} of ${summary.validTokensTried} valid tokens rejected. Run it without --impatient to compare.`,
    'bad',
  );
}

function rejectedWhen(signal: AbortSignal): Promise<never> {
  const interrupted = new Promise<never>((_resolve, reject) => {
    signal.addEventListener('abort', () => {
      reject(new Error('interrupted'));
    });
  });
  interrupted.catch(() => undefined);
  return interrupted;
}

function stuck(): Promise<never> {
  return new Promise((_resolve, reject) => {
    setTimeout(() => {
      reject(new Error(`the walk did not end within ${WALK_MS_MAX / 1_000} s`));
    }, WALK_MS_MAX).unref();
  });
}
