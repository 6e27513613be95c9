import type { VerdictView } from '@keyturn/collector/api/schemas/verdict.ts';
import { NEW_KID, OLD_KID } from './fleet.ts';
import { noAlertWasRaised } from './on-call.ts';
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
  await publishStep(stage);
  const publishedAtMs = Date.now();
  await spreadStep(stage, rotationId);
  await attestStep(stage);
  await regressionStep(stage, rotationId);
  await cutoverStep(stage, rotationId);
  await retireStep(stage, rotationId);
  const withdrawnAtMs = Date.now();
  await purgeStep(stage);
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

async function publishStep(stage: Stage): Promise<void> {
  const { fleet, tell } = stage;
  tell.step(`May ${NEW_KID} enter the JWKS?`);
  await ask(stage, 'publish');
  tell.say('Silence is not consent. Now the verifiers start, and the clients.');
  await stage.startTraffic();
  await waitOpen(stage, 'publish');
  fleet.issuer.publishKey(NEW_KID);
  tell.result(`The issuer publishes ${NEW_KID}; ${OLD_KID} goes on signing.`, 'good');
  await run(stage, ['rotation', 'publish']);
}

async function spreadStep(stage: Stage, id: string): Promise<void> {
  const { tell } = stage;
  tell.step(`May the issuer sign with ${NEW_KID}?`);
  await ask(stage, 'activate');
  tell.say('Not yet: some verifiers could not check its tokens. Waiting for their caches:');
  let told = '';
  await follow(stage, id, 'activate', onlyUnattested, (verdict) => {
    const line = laggardLine(verdict);
    if (line !== told) tell.output(line, 'faint');
    told = line;
  });
}

async function attestStep(stage: Stage): Promise<void> {
  const { fleet, tell } = stage;
  tell.step(
    'What is left is warehouse. It does not say which keys it has, so a person must vouch.',
  );
  await ask(stage, 'activate');
  tell.result(`Its team redeploys it with ${OLD_KID} and ${NEW_KID}, and says so.`, 'plain');
  await fleet.redeployWarehouse([OLD_KID, NEW_KID]);
  await attest(stage, 'holds_new', `deployed with ${OLD_KID} and ${NEW_KID}`);
  await waitOpen(stage, 'activate');
}

/** An open gate closes again when a verifier restarts. */
async function regressionStep(stage: Stage, id: string): Promise<void> {
  const { fleet, tell } = stage;
  tell.step('The gate is open, the signer not yet switched, and orders-2 restarts.');
  const startAgain = await fleet.stopOrders2();
  await follow(stage, id, 'activate', (verdict) => !verdict.ready);
  await ask(stage, 'activate');
  tell.say('The gate has shut by itself: evidence does not outlive the process it came from.');
  await startAgain();
  await waitOpen(stage, 'activate');
}

async function cutoverStep(stage: Stage, id: string): Promise<void> {
  const { fleet, tell } = stage;
  tell.step(`Cutover: every verifier is known to accept ${NEW_KID}.`);
  fleet.issuer.signWith(NEW_KID);
  tell.result(`The issuer signs with ${NEW_KID} from now on.`, 'good');
  await run(stage, ['rotation', 'activate']);
  await follow(stage, id, 'retire', (verdict) => passes(verdict, 'new_key_in_use'));
  tell.result(`Verifiers accept tokens signed by ${NEW_KID}.`, 'good');
}

async function retireStep(stage: Stage, id: string): Promise<void> {
  const { fleet, tell, tooling } = stage;
  tell.step(`May ${OLD_KID} leave the JWKS?`);
  await ask(stage, 'retire');
  tell.say(
    `Its last tokens are still in use. They are documented to live ${TIMINGS.documentedTokenS} s, but ` +
      `verifiers accepted some that live ${TIMINGS.batchTokenS} s, so Keyturn reckons with those.`,
  );
  tell.say('A pipeline would ask like this:');
  const { status, retryAfter } = await tooling.check(id, 'retire');
  tell.command(['curl', '-i', '-X', 'POST', `${tooling.gateUrl(id, 'retire')}/check`]);
  tell.output(`HTTP ${status}${retryAfter === null ? '' : `, Retry-After: ${retryAfter}`}`);
  await waitOpen(stage, 'retire');
  fleet.issuer.withdrawKey(OLD_KID);
  tell.result(`The issuer takes ${OLD_KID} out of its JWKS.`, 'good');
  await run(stage, ['rotation', 'retire']);
}

async function purgeStep(stage: Stage): Promise<void> {
  const { fleet, tell } = stage;
  tell.step(`Has every verifier stopped accepting ${OLD_KID}?`);
  await ask(stage, 'purge');
  tell.result(`The team of warehouse redeploys it without ${OLD_KID}, and says so.`, 'plain');
  await fleet.redeployWarehouse([NEW_KID]);
  await attest(stage, 'rejects_old', `deployed with ${NEW_KID} only`);
  await waitOpen(stage, 'purge');
  await run(stage, ['rotation', 'complete']);
  tell.result(`${OLD_KID} is gone everywhere.`, 'good');
  await noAlertWasRaised(stage);
}

/** The team of warehouse vouches for it. */
async function attest(
  stage: Stage,
  fact: 'holds_new' | 'rejects_old',
  reason: string,
): Promise<void> {
  const word = ['--fact', fact, '--reason', reason, '--valid-for', '1d', '--by', 'warehouse-team'];
  await run(stage, ['attest', 'warehouse', ...word]);
}

function passes(verdict: VerdictView, checkId: string): boolean {
  return verdict.checks.some((check) => check.id === checkId && check.status === 'pass');
}

function onlyUnattested(verdict: VerdictView): boolean {
  const closed = verdict.checks.filter((check) => check.status !== 'pass');
  return closed.every((check) => check.offenders.length > 0 && awaited(check).length === 0);
}

/** Who is in the way, warehouse left out: that waits for its team. */
function awaited({
  offenders,
}: VerdictView['checks'][number]): VerdictView['checks'][number]['offenders'] {
  return offenders.filter(({ service }) => service !== 'warehouse');
}

function laggardLine(verdict: VerdictView): string {
  const waiting = verdict.checks
    .filter((check) => check.status !== 'pass')
    .flatMap((check) => awaited(check).map((offender) => offender.instance || offender.service));
  const names = [...new Set(waiting)].join(', ');
  return `${verdict.progress} ready${names === '' ? '' : `, waiting for ${names}`}`;
}
