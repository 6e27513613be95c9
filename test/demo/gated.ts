import type { VerdictView } from '@keyturn/collector/api/schemas/verdict.ts';
import { NEW_KID, OLD_KID } from './fleet.ts';
import { ask, follow, run, waitOpen } from './stage.ts';
import type { Stage } from './stage.ts';
import { TIMINGS } from './timings.ts';

/** When both keys stood in the JWKS, Unix ms. */
export interface Overlap {
  readonly publishedAtMs: number;
  readonly withdrawnAtMs: number;
}

/** The rotation as it should go: no step before its gate is open. */
export async function gatedWalk(stage: Stage): Promise<Overlap> {
  const rotationId = await start(stage);
  await publishStep(stage, rotationId);
  const publishedAtMs = Date.now();
  await spreadStep(stage, rotationId);
  await attestStep(stage, rotationId);
  await regressionStep(stage, rotationId);
  await cutoverStep(stage);
  await retireStep(stage, rotationId);
  const withdrawnAtMs = Date.now();
  await purgeStep(stage, rotationId);
  return { publishedAtMs, withdrawnAtMs };
}

/** Makes the new key and opens the rotation; gives its id. */
export async function start(stage: Stage): Promise<string> {
  const { fleet, tell, tooling } = stage;
  tell.step(`A new key ${NEW_KID} is made and a rotation started. Nobody sees the key yet.`);
  const key = await fleet.issuer.stageKey(NEW_KID);
  const names = ['--alg', 'RS256', '--new-kid', NEW_KID, '--new-thumbprint', key.thumbprint];
  await run(stage, ['rotation', 'start', ...names]);
  return tooling.openRotation();
}

async function publishStep(stage: Stage, id: string): Promise<void> {
  const { fleet, tell } = stage;
  tell.step(`May ${NEW_KID} enter the JWKS?`);
  const first = await ask(stage, id, 'publish');
  if (!first.ready) await waitOpen(stage, id, 'publish');
  fleet.issuer.publishKey(NEW_KID);
  tell.result(`The issuer publishes ${NEW_KID}; ${OLD_KID} goes on signing.`, 'good');
  await run(stage, ['rotation', 'publish']);
}

async function spreadStep(stage: Stage, id: string): Promise<void> {
  const { tell } = stage;
  tell.step(`May the issuer sign with ${NEW_KID}?`);
  await ask(stage, id, 'activate');
  tell.say(
    'Not yet: tokens of the new key would meet verifiers that cannot check them. Waiting for their caches:',
  );
  let told = '';
  await follow(stage, id, 'activate', onlyUnattested, (verdict) => {
    const line = laggardLine(verdict);
    if (line !== told) tell.output(line);
    told = line;
  });
}

async function attestStep(stage: Stage, id: string): Promise<void> {
  const { fleet, tell } = stage;
  tell.step('warehouse has its keys in a file. Nobody can look inside; a person must vouch.');
  await ask(stage, id, 'activate');
  tell.result(`Its operator redeploys it with ${OLD_KID} and ${NEW_KID}, and says so.`, 'plain');
  await fleet.redeployWarehouse([OLD_KID, NEW_KID]);
  await attest(stage, 'holds_new', `deployed with ${OLD_KID} and ${NEW_KID}`);
  await waitOpen(stage, id, 'activate');
}

/** An open gate closes again when a verifier restarts. */
async function regressionStep(stage: Stage, id: string): Promise<void> {
  const { fleet, tell } = stage;
  tell.step('The gate is open, but the signer is not switched yet. Now orders-2 restarts.');
  const startAgain = await fleet.stopOrders2();
  await ask(stage, id, 'activate');
  tell.result('The gate closed by itself: what held a moment ago is not evidence.', 'waiting');
  await startAgain();
  await waitOpen(stage, id, 'activate');
}

async function cutoverStep(stage: Stage): Promise<void> {
  const { fleet, tell } = stage;
  tell.step(`Cutover: every verifier is known to accept ${NEW_KID}.`);
  fleet.issuer.signWith(NEW_KID);
  tell.result(`The issuer signs with ${NEW_KID} from now on.`, 'good');
  await run(stage, ['rotation', 'activate']);
}

async function retireStep(stage: Stage, id: string): Promise<void> {
  const { fleet, tell, tooling } = stage;
  tell.step(`May ${OLD_KID} leave the JWKS?`);
  await ask(stage, id, 'retire');
  tell.say(
    `Tokens are documented to live ${TIMINGS.documentedTokenS} s, but verifiers accepted some that live ` +
      `${TIMINGS.batchTokenS} s, so Keyturn waits for those. A pipeline asks the same way:`,
  );
  const { status, retryAfter } = await tooling.check(id, 'retire');
  tell.command(`curl -X POST …/v1/rotations/${id}/gates/retire/check`);
  tell.output(`HTTP ${status}${retryAfter === null ? '' : `, Retry-After: ${retryAfter}`}`);
  await waitOpen(stage, id, 'retire');
  fleet.issuer.withdrawKey(OLD_KID);
  tell.result(`The issuer takes ${OLD_KID} out of its JWKS.`, 'good');
  await run(stage, ['rotation', 'retire']);
}

async function purgeStep(stage: Stage, id: string): Promise<void> {
  const { fleet, tell } = stage;
  tell.step(`Has every verifier stopped accepting ${OLD_KID}?`);
  await ask(stage, id, 'purge');
  tell.result(`The operator of warehouse redeploys it without ${OLD_KID}, and says so.`, 'plain');
  await fleet.redeployWarehouse([NEW_KID]);
  await attest(stage, 'rejects_old', `deployed with ${NEW_KID} only`);
  await waitOpen(stage, id, 'purge');
  await run(stage, ['rotation', 'complete']);
  tell.result(`Done: ${OLD_KID} is gone everywhere and will never come back.`, 'good');
}

/** The operator of warehouse vouches for it. */
async function attest(
  stage: Stage,
  fact: 'holds_new' | 'rejects_old',
  reason: string,
): Promise<void> {
  const word = ['--fact', fact, '--reason', reason, '--valid-for', '1d', '--by', 'warehouse-team'];
  await run(stage, ['attest', 'warehouse', ...word]);
}

function onlyUnattested(verdict: VerdictView): boolean {
  const closed = verdict.checks.filter((check) => check.status !== 'pass');
  return closed.every((check) => check.id === 'attested');
}

function laggardLine(verdict: VerdictView): string {
  const waiting = verdict.checks
    .filter((check) => check.status !== 'pass' && check.id !== 'attested')
    .flatMap((check) => check.offenders.map((offender) => offender.instance || offender.service));
  const names = [...new Set(waiting)].join(', ');
  return `${verdict.progress} ready${names === '' ? '' : `, waiting for ${names}`}`;
}
