import { ToolingError } from './tooling.ts';
import type { AlertTiming } from './summary.ts';
import { show, whileCounting } from './stage.ts';
import type { Stage } from './stage.ts';

const LOOK_EVERY_MS = 100;
const RAISED_WITHIN_MS = 20_000;
const OVER_WITHIN_MS = 60_000;

export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms);
  });
}

/** Waits until an alert of refused tokens fires, and shows what on-call sees. */
export async function alertRaised(stage: Stage): Promise<AlertTiming> {
  const { tell, tooling, truth } = stage;
  tell.say('Nobody asks Keyturn. On-call is told all the same:');
  const alert = await whileCounting(stage, () =>
    eventually(RAISED_WITHIN_MS, 'an alert of refused tokens', async () => {
      const [first] = await tooling.failureAlerts('now');
      return first;
    }),
  );
  await show(stage, ['alerts']);
  const rejectedAtMs = Math.min(...truth.rejections().map(({ firstAtMs }) => firstAtMs));
  const firedAtMs = Date.parse(alert.fired_at ?? alert.since_at);
  const seconds = Math.max(0, Math.round((firedAtMs - rejectedAtMs) / 100) / 10);
  tell.result(`${alert.name}: ${seconds} s after the first rejected token.`, 'bad');
  return { name: alert.name, raisedAfterSeconds: seconds, overAfterSeconds: null };
}

/** Nobody was woken for nothing. */
export async function noAlertWasRaised({ tell, tooling }: Stage): Promise<void> {
  const [first] = await tooling.failureAlerts('ever');
  if (first !== undefined) throw new ToolingError(`${first.name} was raised: ${first.summary}`);
  tell.result('No alert of refused tokens was raised at any time.', 'good');
}

/** Follows the alerts until none of refused tokens fires; gives the moment. */
export async function alertsOver(stage: Stage): Promise<number> {
  const { tooling } = stage;
  await whileCounting(stage, () =>
    eventually(OVER_WITHIN_MS, 'the end of every alert of refused tokens', async () => {
      const alerts = await tooling.failureAlerts('now');
      return alerts.length === 0 ? true : undefined;
    }),
  );
  const overAtMs = Date.now();
  await show(stage, ['alerts']);
  return overAtMs;
}

/** Waits until a verifier has just fetched its keys, so that it will not ask again for a while. */
export async function justFetched(stage: Stage, service: string): Promise<void> {
  const before = await stage.tooling.fetchedAt(service);
  await eventually(OVER_WITHIN_MS, `a fetch of ${service}`, async () => {
    const at = await stage.tooling.fetchedAt(service);
    return at !== null && at !== before ? true : undefined;
  });
}

async function eventually<T>(
  withinMs: number,
  what: string,
  look: () => Promise<T | undefined>,
): Promise<T> {
  const endsAtMs = Date.now() + withinMs;
  for (;;) {
    const seen = await look();
    if (seen !== undefined) return seen;
    if (Date.now() > endsAtMs)
      throw new ToolingError(`${what} was not seen in ${withinMs / 1_000} s`);
    await pause(LOOK_EVERY_MS);
  }
}
