import { NEW_KID, OLD_KID } from './fleet.ts';
import { alertsOver, pause } from './on-call.ts';
import { ask, run, whileCounting } from './stage.ts';
import type { Stage } from './stage.ts';
import { ToolingError } from './tooling.ts';
import { TIMINGS } from './timings.ts';

/** What going back came to. */
export interface WayBack {
  /** When the signer went back, and when nothing fired any more, Unix ms. */
  readonly backAtMs: number;
  readonly overAtMs: number;
}

/** On-call goes back to the old key, as the alert advises, and stays until all is well. */
export async function wayBack(stage: Stage): Promise<WayBack> {
  const { fleet, tell, truth } = stage;
  tell.step(`On-call asks: can ${OLD_KID} sign again?`);
  const verdict = await ask(stage, 'rollback');
  if (!verdict.advised) throw new ToolingError(`going back is not advised: ${verdict.summary}`);
  fleet.issuer.signWith(OLD_KID);
  const backAtMs = Date.now();
  tell.result(`The issuer signs with ${OLD_KID} again.`, 'good');
  await run(stage, ['rotation', 'rollback']);
  tell.say(`Tokens that ${NEW_KID} signed meanwhile are about for up to ${TIMINGS.batchTokenS} s:`);
  await whileCounting(stage, () => pause((TIMINGS.batchTokenS + 1) * 1_000));

  tell.step('Is it over?');
  const overAtMs = await alertsOver(stage);
  const before = truth.rejected;
  await pause(2_000);
  const after = truth.rejected - before;
  if (after > 0) throw new ToolingError(`${after} valid tokens were rejected after going back`);
  tell.result('Nothing fires, and no further token was rejected in 2 s.', 'good');
  fleet.issuer.withdrawKey(NEW_KID);
  await run(stage, ['rotation', 'abort']);
  tell.result(`${NEW_KID} is taken out again; the next try can wait for its gates.`, 'good');
  return { backAtMs, overAtMs };
}
