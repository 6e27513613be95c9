import { createAgent, observeJose } from '@keyturn/agent';
import * as jose from 'jose';
import { startHonoVerifier } from '../harness/verifiers/hono-jwk.ts';
import { startJoseVerifier } from '../harness/verifiers/jose.ts';
import { startJwksRsaVerifier } from '../harness/verifiers/jwks-rsa.ts';
import { startPolledVerifier } from '../harness/verifiers/polled-keys.ts';
import { pushReporter } from '../harness/verifiers/push-reporter.ts';
import type { VerifierService } from '../harness/verifiers/service.ts';
import { startStaticVerifier } from '../harness/verifiers/static-keys.ts';
import type { ServiceSettings } from './service-settings.ts';

// One demo service as a process of its own.

type SettingsOf<K extends ServiceSettings['kind']> = Extract<ServiceSettings, { readonly kind: K }>;

/** The two lines a team adds to its code are the two that name the agent. */
async function startObservedJose(settings: SettingsOf<'jose'>): Promise<VerifierService> {
  const { service, instance, issuer, collector } = settings;
  const agent = createAgent({ service, instance, issuer, collector });
  const running = await startJoseVerifier(settings, observeJose(jose, agent));
  return {
    url: running.url,
    async close() {
      await running.close();
      await agent.close('stopped on request');
    },
  };
}

async function startPushing(settings: SettingsOf<'polled'>): Promise<VerifierService> {
  const reporter = pushReporter({ ...settings, everyMs: 1_000 });
  const running = await startPolledVerifier({
    ...settings,
    onFetch: (keys) => {
      reporter.fetched(keys);
    },
    onVerification: (verification) => {
      reporter.verified(verification);
    },
  });
  return {
    url: running.url,
    async close() {
      await running.close();
      await reporter.close();
    },
  };
}

/** It says how its verifications end, and nothing of its keys. */
async function startCounting(settings: SettingsOf<'static'>): Promise<VerifierService> {
  const reporter = pushReporter({ ...settings, everyMs: 1_000 });
  const running = await startStaticVerifier({
    ...settings,
    onVerification: (verification) => {
      reporter.verified(verification);
    },
  });
  return {
    url: running.url,
    async close() {
      await running.close();
      await reporter.close();
    },
  };
}

async function start(settings: ServiceSettings): Promise<VerifierService> {
  switch (settings.kind) {
    case 'jose':
      return startObservedJose(settings);
    case 'jwks-rsa':
      return startJwksRsaVerifier(settings);
    case 'hono':
      return startHonoVerifier(settings);
    case 'polled':
      return startPushing(settings);
    case 'static':
      return startCounting(settings);
  }
}

const service = await start(JSON.parse(process.argv[2] ?? '') as ServiceSettings);
process.once('SIGTERM', () => {
  void service.close().finally(() => process.exit(0));
});
process.send?.({ url: service.url });
