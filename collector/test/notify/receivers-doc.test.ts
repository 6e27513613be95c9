import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { readYaml } from '@keyturn/shared/settings/yaml-file.ts';
import t from 'tap';
import { loadConfig } from '../../src/config/config.ts';
import { profiles } from '../../src/config/profiles.ts';
import { Secret } from '../../src/notify/secret.ts';
import { webhookRequest } from '../../src/notify/webhook.ts';
import { alertNotice, document, SENDER, webhook } from './notices.ts';

const TEXT = document('receivers.md');

function blocks(language: string): readonly string[] {
  const pattern = new RegExp(`^\`\`\`${language}\n(.*?)^\`\`\`$`, 'gms');
  return [...TEXT.matchAll(pattern)].map(([, text = '']) => text);
}

t.test('what the page says to put into the settings is taken', async (t) => {
  const directory = t.testdir({
    'pagerduty-routing-key': 'R0123456789abcdefghijklmnopqrstu',
    'slack-webhook-url': 'https://hooks.slack.com/services/T/B/x',
    'keyturn-webhook-secret': 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw',
  });
  const types = blocks('yaml').flatMap((text) => {
    if (!text.startsWith('receivers:\n  - name')) return [];
    const file = path.join(directory, 'collector.yaml');
    writeFileSync(file, text.replaceAll('/run/secrets', directory));
    const config = loadConfig({ file, env: {}, cwd: directory, profiles: profiles() });
    return config.receivers.map(({ type }) => type);
  });
  t.same(types.toSorted(), ['alertmanager', 'pagerduty', 'slack', 'webhook']);
});

t.test('every block of YAML is YAML', async (t) => {
  for (const text of blocks('yaml')) t.notOk('problems' in readYaml(text));
});

t.test('its lines verify what is sent, and nothing else', async (t) => {
  const [code = ''] = blocks('javascript');
  const directory = t.testdir();
  mkdirSync(directory, { recursive: true });
  const file = path.join(directory, 'verify.mjs');
  writeFileSync(file, code);
  const { isFromKeyturn } = (await import(pathToFileURL(file).href)) as {
    isFromKeyturn: (
      headers: Readonly<Record<string, string | undefined>>,
      body: string,
      secret: string,
      nowS?: number,
    ) => boolean;
  };
  const nowMs = Date.now();
  for (const secret of ['whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw', 'any text of 24 or more bytes']) {
    const receiver = webhook('https://hook.example', { hmacKey: new Secret(secret) });
    const { headers, body } = webhookRequest(receiver, alertNotice('hook', 'fired'), SENDER, nowMs);
    t.ok(isFromKeyturn(headers, body, secret));
    t.notOk(isFromKeyturn(headers, `${body} `, secret), 'another body');
    t.notOk(isFromKeyturn(headers, body, 'x'.repeat(30)), 'another key');
    t.notOk(isFromKeyturn({ ...headers, 'webhook-id': 'x' }, body, secret), 'another id');
    t.notOk(isFromKeyturn(headers, body, secret, nowMs / 1_000 + 301), 'too old');
    // As long as the right one in characters, not in bytes.
    const wide = `v1,${'é'.repeat(44)}`;
    for (const forged of ['v1,', '', wide, undefined]) {
      const said = { ...headers, 'webhook-signature': forged };
      t.notOk(isFromKeyturn(said, body, secret), `signature ${forged}`);
    }
    t.notOk(isFromKeyturn({}, body, secret), 'not signed');
  }
});
