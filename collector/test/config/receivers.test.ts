import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { inspect } from 'node:util';
import t, { type Test } from 'tap';
import { type CollectorConfig, loadConfig } from '../../src/config/config.ts';
import { ConfigError } from '../../src/config/config-error.ts';
import { profiles } from '../../src/config/profiles.ts';

const SECRETS: Readonly<Record<string, string>> = {
  'routing-key': 'R0123456789abcdefghijklmnopqrstu\n',
  'slack-url': 'https://hooks.slack.com/services/T000/B000/slack-token',
  'slack-http': 'http://hooks.slack.com/services/T000/B000/slack-token',
  'slack-private': 'https://127.0.0.1/services/slack-token',
  'hook-url': 'https://hooks.example.com/in/hook-token',
  'hook-broken': 'hooks.example.com/in/hook-token',
  'hook-user': 'https://user:hook-token@hooks.example.com/',
  hmac: 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw',
  'hmac-short': 'whsec_aGVsbG8=',
  'hmac-broken': 'whsec_not base64 at all but long enough'.replaceAll(' ', '-'),
  'hmac-plain': 'a secret without blanks would be'.replaceAll(' ', '.'),
  open: 'R0123456789abcdefghijklmnopqrstu',
  blanks: 'two words',
  empty: '',
  long: 'x'.repeat(5_000),
};

function load(
  t: Test,
  receivers: unknown,
  env: Readonly<Record<string, string>> = {},
  more: object = {},
): CollectorConfig {
  const directory = t.testdir(SECRETS);
  for (const name of Object.keys(SECRETS)) {
    chmodSync(path.join(directory, name), name === 'open' ? 0o644 : 0o600);
  }
  const file = path.join(directory, 'collector.yaml');
  writeFileSync(file, JSON.stringify({ receivers, ...more }));
  return loadConfig({ file, env, cwd: '/', profiles: profiles() });
}

const WEBHOOK = { name: 'hook', type: 'webhook', url: 'https://hooks.example.com/in' };
const SLACK = { name: 'chat', type: 'slack', url_file: 'slack-url' };
const PAGER = { name: 'pager', type: 'pagerduty', routing_key_file: 'routing-key' };
const AM = { name: 'am', type: 'alertmanager', urls: ['http://am-1.example.com:9093'] };

t.test('each type, with what is not said', async (t) => {
  const config = load(t, [WEBHOOK, SLACK, PAGER, AM]);
  const [hook, chat, pager, am] = config.receivers;
  t.match(hook, { type: 'webhook', minSeverity: 'info', sendResolved: true, sendSteps: true });
  t.match(hook, { hmacKey: null, ca: null, reach: { allowPrivate: false, allowHosts: [] } });
  t.match(chat, { type: 'slack', minSeverity: 'warning' });
  t.match(pager, { type: 'pagerduty', url: 'https://events.pagerduty.com' });
  t.match(am, { type: 'alertmanager', minSeverity: 'info', urls: AM.urls });
  t.same(config.policy.alerts.receivers, ['hook', 'chat', 'pager'], 'those of the outbox');
  t.same(config.advice, []);
  t.equal(load(t, undefined).receivers.length, 0);
});

t.test('secrets come from files and show nowhere', async (t) => {
  const env = { PAGER_KEY: 'routing-key', HOOK_URL: 'hook-url' };
  const config = load(
    t,
    [
      { name: 'pager', type: 'pagerduty', routing_key_file_env: 'PAGER_KEY' },
      { name: 'hook', type: 'webhook', url_file_env: 'HOOK_URL', secret_file: 'hmac' },
      SLACK,
    ],
    env,
  );
  const [pager, hook, chat] = config.receivers;
  if (pager?.type !== 'pagerduty' || hook?.type !== 'webhook' || chat?.type !== 'slack') {
    return t.fail('other types');
  }
  t.equal(pager.routingKey.reveal(), 'R0123456789abcdefghijklmnopqrstu', 'without the line end');
  t.equal(hook.url.reveal(), 'https://hooks.example.com/in/hook-token');
  t.equal(hook.hmacKey?.reveal(), SECRETS['hmac']);
  t.equal(chat.url.reveal(), SECRETS['slack-url']);
  const everything = [
    JSON.stringify(config.receivers),
    inspect(config, { depth: 9, showHidden: true }),
    [pager.routingKey, hook.url, hook.hmacKey].map(String).join(),
  ].join('\n');
  t.notMatch(everything, /R0123|hook-token|slack-token|MfKQ9/);
});

t.test('others may read a secret: it works, and is told', async (t) => {
  const { advice, receivers } = load(t, [{ ...PAGER, routing_key_file: 'open' }]);
  t.equal(receivers.length, 1);
  t.equal(advice.length, 1);
  t.match(
    advice[0],
    /^receivers\.0\.routing_key_file: others may use the secret in (\S+) \(mode 644\); chmod 600 \1$/,
  );
});

t.test('where people reach it', async (t) => {
  t.equal(load(t, []).publicUrl, null);
  const more = { public_url: 'https://keyturn.example.com/base/' };
  t.equal(load(t, [], {}, more).publicUrl, 'https://keyturn.example.com/base');
});

const PRIVATE = 'is in a private network; allow_private: true or allow_hosts would allow it';

const WRONG: readonly (readonly [name: string, receivers: unknown, problems: readonly string[]])[] =
  [
    ['no list', { name: 'x' }, ['receivers: expected a list, each entry starting with "- "']],
    [
      'no type',
      [{ name: 'x' }],
      ['receivers.0.type: expected one of alertmanager, pagerduty, slack, webhook, got nothing'],
    ],
    [
      'an unknown type',
      [{ name: 'x', type: 'teams' }],
      ['receivers.0.type: expected one of alertmanager, pagerduty, slack, webhook, got "teams"'],
    ],
    [
      'a name twice',
      [WEBHOOK, { ...SLACK, name: 'hook' }],
      ['receivers.1.name: hook is there twice'],
    ],
    [
      'a misspelt key',
      [{ ...WEBHOOK, min_sevrity: 'info' }],
      ['receivers.0.min_sevrity: unknown key "min_sevrity"; did you mean min_severity?'],
    ],
    [
      'a secret in the settings',
      [{ name: 'pager', type: 'pagerduty', routing_key: 'R0' }],
      ['receivers.0.routing_key: unknown key "routing_key"; did you mean routing_key_file?'],
    ],
    [
      'a severity that is none',
      [{ ...WEBHOOK, min_severity: 'high' }],
      ['receivers.0.min_severity: expected one of critical, warning, info, got "high"'],
    ],
    [
      'no key',
      [{ name: 'pager', type: 'pagerduty' }],
      ['receivers.0: expected routing_key_file (or routing_key_file_env), got neither'],
    ],
    [
      'a key from two places',
      [{ ...PAGER, routing_key_file_env: 'KEY' }],
      [
        'receivers.0.routing_key_file: expected either routing_key_file or routing_key_file_env, got both',
      ],
    ],
    [
      'a variable that is not set',
      [{ name: 'pager', type: 'pagerduty', routing_key_file_env: 'NO_SUCH_KEY' }],
      [
        'receivers.0.routing_key_file_env: expected the path of a file in the environment variable NO_SUCH_KEY, got nothing',
      ],
    ],
    [
      'files that hold no secret',
      [
        { ...PAGER, routing_key_file: 'blanks' },
        { ...PAGER, name: 'b', routing_key_file: 'empty' },
        { ...PAGER, name: 'c', routing_key_file: 'long' },
      ],
      [0, 1, 2].map(
        (at) =>
          `receivers.${at}.routing_key_file: expected one line of printable ASCII characters without spaces, at most 4096`,
      ),
    ],
    [
      'a webhook without an address',
      [{ name: 'hook', type: 'webhook' }],
      ['receivers.0: expected either url or url_file (or url_file_env), got neither'],
    ],
    [
      'a webhook with two',
      [{ ...WEBHOOK, url_file: 'hook-url' }],
      ['receivers.0: expected either url or url_file (or url_file_env), got both'],
    ],
    [
      'addresses that are none, not repeated',
      [
        { name: 'a', type: 'webhook', url_file: 'hook-broken' },
        { name: 'b', type: 'webhook', url_file: 'hook-user' },
      ],
      [0, 1].map(
        (at) =>
          `receivers.${at}.url_file: expected an http or https URL without user name, password and #fragment`,
      ),
    ],
    [
      'secrets of signatures',
      [
        { ...WEBHOOK, name: 'a', secret_file: 'hmac-short' },
        { ...WEBHOOK, name: 'b', secret_file: 'hmac-broken' },
        { ...WEBHOOK, name: 'c', secret_file: 'hmac-plain' },
      ],
      [
        'receivers.0.secret_file: expected at least 24 bytes, got 5: a short secret can be guessed',
        'receivers.1.secret_file: expected base64 after whsec_',
      ],
    ],
    [
      'a key that could be read on the way',
      [
        { ...PAGER, url: 'http://events.example.com' },
        { ...SLACK, url_file: 'slack-http' },
      ],
      [
        'receivers.0.url: expected https: over http the secret could be read on the way',
        'receivers.1.url_file: expected https: over http the secret could be read on the way',
      ],
    ],
    [
      'private hosts',
      [
        { ...WEBHOOK, name: 'a', url: 'http://127.0.0.1:1/' },
        { ...WEBHOOK, name: 'b', url: 'http://localhost:1/' },
        { ...WEBHOOK, name: 'c', url: 'http://2130706433/' },
        { ...WEBHOOK, name: 'd', url: 'http://[::ffff:10.0.0.1]/' },
        { ...WEBHOOK, name: 'e', url: 'http://169.254.169.254/', allow_private: true },
        { ...SLACK, url_file: 'slack-private' },
        { ...AM, urls: ['http://10.0.0.1:9093'] },
        { ...AM, name: 'ok', urls: ['http://10.0.0.1:9093'], allow_hosts: ['10.0.0.1'] },
        {
          ...WEBHOOK,
          name: 'also ok'.replace(' ', '-'),
          url: 'http://[::1]/',
          allow_private: true,
        },
      ],
      [
        `receivers.0.url: expected a host that may be sent to: "127.0.0.1" ${PRIVATE}`,
        `receivers.1.url: expected a host that may be sent to: "localhost" leads to "127.0.0.1", which ${PRIVATE}`,
        `receivers.2.url: expected a host that may be sent to: "127.0.0.1" ${PRIVATE}`,
        `receivers.3.url: expected a host that may be sent to: "::ffff:a00:1" ${PRIVATE}`,
        'receivers.4.url: expected a host that may be sent to: "169.254.169.254" is no address of a receiver (link-local, multicast or reserved)',
        `receivers.5.url_file: expected a host that may be sent to: "127.0.0.1" ${PRIVATE}`,
        `receivers.6.urls.0: expected a host that may be sent to: "10.0.0.1" ${PRIVATE}`,
      ],
    ],
    [
      'no addresses',
      [{ ...AM, urls: [] }],
      ['receivers.0.urls: expected at least 1 entry, got a list of 0'],
    ],
    [
      'an address twice',
      [{ ...AM, urls: ['http://am.example.com', 'http://am.example.com'] }],
      ['receivers.0.urls.1: http://am.example.com is there twice'],
    ],
    [
      'a host that is none',
      [{ ...AM, allow_hosts: ['Am.Example.com', 'am:9093/x'] }],
      [0, 1].map(
        (at) =>
          `receivers.0.allow_hosts.${at}: expected a host in lower case without a port, such as hooks.internal or 10.1.2.3, got ${['"Am.Example.com"', '"am:9093/x"'][at]}`,
      ),
    ],
  ];

t.test('every mistake gets a sentence', async (t) => {
  for (const [name, receivers, problems] of WRONG) {
    await t.test(name, async (t) => {
      try {
        load(t, receivers);
        t.fail('was taken');
      } catch (thrown) {
        if (!(thrown instanceof ConfigError)) throw thrown;
        const told = thrown.problems.map((one) => `${one.path}: ${one.message}`);
        t.same(told.toSorted(), [...problems].toSorted());
        t.notMatch(thrown.message, /hook-token|slack-token|aGVsbG8|R0123/);
      }
    });
  }
});

t.test('a file that is not there', async (t) => {
  const directory = t.testdir();
  mkdirSync(path.join(directory, 'dir'));
  for (const file of ['none', 'dir']) {
    const at = path.join(directory, file);
    try {
      load(t, [{ ...PAGER, routing_key_file: at }]);
      t.fail('was taken');
    } catch (thrown) {
      t.match(thrown, {
        problems: [
          { path: 'receivers.0.routing_key_file', message: /^expected a readable file: / },
        ],
      });
    }
  }
});
