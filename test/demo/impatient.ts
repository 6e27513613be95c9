import { NEW_KID, OLD_KID } from './fleet.ts';
import { start } from './gated.ts';
import type { Overlap } from './gated.ts';
import { wayBack } from './going-back.ts';
import { alertRaised, justFetched, pause } from './on-call.ts';
import { ask, follow, run, show, whileCounting } from './stage.ts';
import type { Stage } from './stage.ts';
import type { AlertTiming } from './summary.ts';
import { TIMINGS } from './timings.ts';

/** "That should do": how long the old key is kept after the switch, milliseconds. */
const GUESS_MS = 3_000;

/** How a rotation without evidence went. */
export interface ImpatientWalk {
  readonly overlap: Overlap;
  readonly alert: AlertTiming;
}

/** The rotation without evidence: publish and sign at once, withdraw after a short guess. */
export async function impatientWalk(stage: Stage): Promise<ImpatientWalk> {
  const publishedAtMs = await switchAtOnce(stage);
  // By the clock, whatever the commands shown meanwhile take on a busy machine.
  const withdrawn = pause(GUESS_MS).then(() => {
    stage.fleet.issuer.withdrawKey(OLD_KID);
    return Date.now();
  });
  await wouldHaveSaid(stage);
  const withdrawnAtMs = await withdrawn;
  rejectedSoFar(stage);
  const alert = await withdrawnEarly(stage);
  await sitItOut(stage, publishedAtMs);
  return { overlap: { publishedAtMs, withdrawnAtMs }, alert };
}

/** The same beginning, but on-call is told in time, and the signer goes back. */
export async function rolledBackWalk(stage: Stage): Promise<ImpatientWalk> {
  const publishedAtMs = await switchAtOnce(stage);
  await wouldHaveSaid(stage);
  const alert = await alertRaised(stage);
  rejectedSoFar(stage);
  const { backAtMs, overAtMs } = await wayBack(stage);
  const overAfterSeconds = Math.round((overAtMs - backAtMs) / 100) / 10;
  return {
    overlap: { publishedAtMs, withdrawnAtMs: Date.now() },
    alert: { ...alert, overAfterSeconds },
  };
}

async function switchAtOnce(stage: Stage): Promise<number> {
  const { fleet, tell } = stage;
  await stage.startTraffic();
  const id = await start(stage);
  await follow(stage, id, 'publish', (verdict) => verdict.ready);
  // As bad luck will have it; otherwise the run would show something else each time.
  await justFetched(stage, 'reports');
  tell.step(`${NEW_KID} is published and signs at once, as many issuers do.`);
  fleet.issuer.publishKey(NEW_KID);
  const publishedAtMs = Date.now();
  fleet.issuer.signWith(NEW_KID);
  return publishedAtMs;
}

async function wouldHaveSaid(stage: Stage): Promise<void> {
  stage.tell.say('Keyturn was not asked. It would have said:');
  await ask(stage, 'activate');
  await override(stage, 'activate', 'the verifiers refetch keys anyway');
}

async function withdrawnEarly(stage: Stage): Promise<AlertTiming> {
  const { tell } = stage;
  tell.step(`${GUESS_MS / 1_000} s after the switch ${OLD_KID} is withdrawn: that should do.`);
  tell.say('Keyturn was not asked. It says:');
  await ask(stage, 'retire');
  await override(stage, 'retire', 'nobody should need it any more');
  const alert = await alertRaised(stage);
  tell.say('Can the issuer go back?');
  await ask(stage, 'rollback');
  return alert;
}

async function sitItOut(stage: Stage, publishedAtMs: number): Promise<void> {
  const { fleet, tell, truth } = stage;
  tell.say('No. What is left is to wait until the last old token has expired:');
  await whileCounting(stage, () =>
    pause(Math.max(0, publishedAtMs + (TIMINGS.batchTokenS + 1) * 1_000 - Date.now())),
  );
  rejectedSoFar(stage);

  tell.step('The people of warehouse are paged, and find out about the new key.');
  await fleet.redeployWarehouse([NEW_KID]);
  const before = truth.rejected;
  await pause(2_000);
  const after = truth.rejected - before;
  tell.result(
    after === 0 ? 'No further rejections.' : `${after} further rejections in 2 s.`,
    after === 0 ? 'good' : 'bad',
  );
  await show(stage, ['alerts']);
}

async function override(stage: Stage, step: 'activate' | 'retire', reason: string): Promise<void> {
  stage.tell.say('It is told what was done all the same, so that its record is right:');
  await run(stage, ['rotation', step, '--override', reason]);
}

function rejectedSoFar({ tell, truth }: Stage): void {
  tell.result(
    `${truth.rejected} valid tokens rejected so far.`,
    truth.rejected > 0 ? 'bad' : 'good',
  );
}
