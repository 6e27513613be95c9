import { NEW_KID, OLD_KID } from './fleet.ts';
import { start } from './gated.ts';
import type { Overlap } from './gated.ts';
import { ask, follow, run, whileCounting } from './stage.ts';
import type { Stage } from './stage.ts';
import { TIMINGS } from './timings.ts';

/** "That should do": how long the old key is kept after the switch, milliseconds. */
const GUESS_MS = 3_000;

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms);
  });
}

/** The rotation without evidence: publish and sign at once, withdraw after a short guess. */
export async function impatientWalk(stage: Stage): Promise<Overlap> {
  const { fleet, tell, truth } = stage;
  await stage.startTraffic();
  const id = await start(stage);
  await follow(stage, id, 'publish', (verdict) => verdict.ready);

  tell.step(`${NEW_KID} is published and signs at once, as many issuers do.`);
  fleet.issuer.publishKey(NEW_KID);
  const publishedAtMs = Date.now();
  fleet.issuer.signWith(NEW_KID);
  // By the clock, whatever the commands shown meanwhile take on a busy machine.
  const withdrawn = pause(GUESS_MS).then(() => {
    fleet.issuer.withdrawKey(OLD_KID);
    return Date.now();
  });
  tell.say('Keyturn was not asked. It would have said:');
  await ask(stage, 'activate');
  await override(stage, 'activate', 'the verifiers refetch keys anyway');
  const withdrawnAtMs = await withdrawn;
  rejectedSoFar(stage);

  tell.step(`${GUESS_MS / 1_000} s after the switch ${OLD_KID} is withdrawn: that should do.`);
  tell.say('Keyturn was not asked. It says:');
  await ask(stage, 'retire');
  await override(stage, 'retire', 'nobody should need it any more');
  tell.say('Logins fail. Can the issuer go back?');
  await ask(stage, 'rollback');
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
  return { publishedAtMs, withdrawnAtMs };
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
