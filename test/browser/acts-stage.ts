import { createAgent } from '@keyturn/agent';
import type { Page } from 'playwright-core';
import { keyPublished, startRotatingIssuer } from '../e2e/rotating-issuer.ts';
import { QUICK_POLICY, startCollectorProcess } from '../harness/collector-process.ts';
import { eventually } from '../harness/eventually.ts';
import { tempDirectory } from '../harness/temp-directory.ts';
import type { Teardown } from '../harness/teardown.ts';

/** A rotation 2026-a → 2026-b with the new key published; `orders-1` knows it, `orders-2` lags. */
export async function startLaggingRotation(cleanup: Teardown) {
  const directory = await tempDirectory(cleanup);
  const issuer = await startRotatingIssuer(cleanup);
  const collector = await startCollectorProcess(directory, {
    issuers: [issuer.settings],
    services: [
      { name: 'orders', instances: 2, profile: 'npm-jose', evidence: 'present' },
      { name: 'legacy', profile: 'npm-jose', evidence: 'attested' },
    ],
    policy: QUICK_POLICY,
  });
  cleanup.add('collector', () => collector.child.kill());
  const verifiers = ['orders-1', 'orders-2'].map((instance) => {
    const agent = createAgent({
      service: 'orders',
      instance,
      issuer: issuer.issuer,
      collector: collector.grpc,
    });
    cleanup.add(instance, () => agent.close());
    const verifier = agent.verifier({ cache: 'jwks', profile: 'npm-jose' });
    const holds = (jwks: readonly object[]): void => verifier.setKeys(issuer.issuer, { jwks });
    holds([issuer.old.publicJwk]);
    return { holds, agent };
  });
  await keyPublished(collector, '2026-a');
  const started = await collector.api.post('/v1/rotations', {
    issuer: issuer.issuer,
    alg: 'ES256',
    new_kid: '2026-b',
    by: 'ana',
  });
  const id: string = started.body.rotation.id;
  issuer.serve(issuer.both);
  await keyPublished(collector, '2026-b');
  const [first, second] = verifiers;
  if (first === undefined || second === undefined) throw new Error('expected two verifiers');
  first.holds(issuer.both);
  await eventually('one verifier lags', async () => {
    const { body } = await collector.api.get(`/v1/rotations/${id}/gates/activate`);
    return body.status === 'closed' && body.progress.startsWith('1/') ? true : undefined;
  });
  return {
    directory,
    issuer,
    collector,
    id,
    first,
    second,
    url: `${collector.url}/rotations/${id}`,
  };
}

/** Entries of the audit trail of a kind, newest last. */
export async function audited(
  { api }: Awaited<ReturnType<typeof startLaggingRotation>>['collector'],
  action: string,
): Promise<readonly { readonly kind: string; readonly actor: string; readonly message: string }[]> {
  const { body } = await api.get('/v1/audit?limit=500');
  return body.entries.filter((entry: { action: string }) => entry.action === action);
}

/** Answers the question who acts. */
export async function unlock(page: Page, token: string, by = 'bea'): Promise<void> {
  await page.getByLabel('Your name').fill(by);
  await page.getByLabel('Operator token').fill(token);
  await page.getByRole('button', { name: 'Unlock' }).click();
}

/** Begins an act, unlocking on the way. */
export async function begin(page: Page, name: string, token: string): Promise<void> {
  await page.getByRole('button', { name, exact: true }).click();
  await page.getByRole('dialog').waitFor();
  if (await page.getByRole('dialog', { name: 'Who acts?' }).isVisible()) await unlock(page, token);
  await page.getByRole('dialog', { name: 'Who acts?' }).waitFor({ state: 'detached' });
}

/** Gives the places of a page in which a secret stands; empty: none. */
export function placesOf(secret: string): string {
  return `(() => {
    const texts = Object.getOwnPropertyNames(window).map((name) => {
      try { return typeof window[name] === 'string' ? window[name] : ''; } catch { return ''; }
    });
    const places = {
      document: document.documentElement.outerHTML,
      values: [...document.querySelectorAll('input, textarea')].map(({ value }) => value).join(),
      local: JSON.stringify(localStorage),
      session: JSON.stringify(sessionStorage),
      cookie: document.cookie,
      address: location.href,
      history: JSON.stringify(history.state),
      globals: texts.join(),
    };
    const found = Object.entries(places).filter(([, text]) => text?.includes(${JSON.stringify(secret)}));
    return found.map(([place]) => place).join(', ');
  })()`;
}

/** What the focus is on, by its label or its text. */
export async function focused(page: Page): Promise<string> {
  const text = await page.evaluate(`(() => {
    const element = document.activeElement;
    const label = element?.labels?.[0];
    return label?.querySelector('span')?.textContent ?? label?.textContent ?? element?.textContent ?? '';
  })()`);
  return String(text);
}

/** Presses Tab until the focus is on something that is called so. */
export async function tabTo(page: Page, name: RegExp): Promise<void> {
  for (let presses = 0; presses < 30; presses += 1) {
    if (name.test(await focused(page))) return;
    await page.keyboard.press('Tab');
  }
  throw new Error(`the focus never came to ${String(name)}`);
}
