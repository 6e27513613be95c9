import fc from 'fast-check';
import t from 'tap';
import { ALERT_CHANGES } from '../../src/core/alerts/notice.ts';
import { slackRequest, slackText } from '../../src/notify/slack.ts';
import { alertNotice, alertRecord, SENDER, slack, stepNotice } from './notices.ts';

const RECEIVER = slack('https://hooks.slack.com/services/T/B/token');

interface Message {
  readonly text: string;
  readonly blocks: readonly {
    readonly text: { readonly type: string; readonly text: string; readonly verbatim: boolean };
  }[];
}

function message(...given: Parameters<typeof alertNotice>): Message {
  return JSON.parse(slackRequest(RECEIVER, alertNotice(...given), SENDER).body) as Message;
}

t.test('an alert', async (t) => {
  const request = slackRequest(RECEIVER, alertNotice('chat', 'fired'), SENDER);
  t.equal(request.url.href, 'https://hooks.slack.com/services/T/B/token');
  const { text, blocks } = JSON.parse(request.body) as Message;
  t.equal(text, '*[FIRING] KidReused* (critical): kid "2026-a" stands for 2 keys');
  t.equal(
    blocks[0]?.text.text,
    [
      '*[FIRING] KidReused* (critical): kid "2026-a" stands for 2 keys',
      'One kid stands for two keys',
      '• one at https://a.example',
      '• one at https://b.example',
      'issuer: https://login.example.com · kid: 2026-a',
      '<https://keyturn.example.com/runbooks/KidReused|Runbook> · <https://keyturn.example.com/alerts/al-0badcafe-m1|Alert>',
    ].join('\n'),
  );
});

t.test('what happened to it is the first word', async (t) => {
  const acknowledged = { by: '<!here>', reason: 'on it', atMs: 0 };
  const heads = ALERT_CHANGES.map(
    (change) => /\[(.*?)\]/.exec(message('chat', change).text)?.[1] ?? '',
  );
  t.equal(new Set(heads).size, ALERT_CHANGES.length);
  const { blocks } = message('chat', 'acknowledged', alertRecord({ acknowledged }));
  t.match(blocks[0]?.text.text, 'taken on by &lt;!here&gt;: on it');
  const many = alertRecord({ details: Array.from({ length: 9 }, (_, at) => `detail ${at}`) });
  t.match(message('chat', 'fired', many).blocks[0]?.text.text, '• and 4 more');
});

t.test('a step of a rotation', async (t) => {
  const { text } = JSON.parse(slackRequest(RECEIVER, stepNotice('chat'), SENDER).body) as Message;
  t.equal(text, '*[ROTATION] activate*: the signer switched from 2026-a to 2026-b');
});

t.test('reported text calls nobody and links nowhere', async (t) => {
  const evil = '<!channel> <@U123> <https://evil.example|click> & &lt;!here&gt; \u202e\n*[FIRING]*';
  const alert = alertRecord({ summary: evil, details: [evil], labels: { kid: evil } });
  for (const { text, verbatim, type } of message('chat', 'fired', alert).blocks.map(
    (block) => block.text,
  )) {
    t.equal(type, 'mrkdwn');
    t.equal(verbatim, true, 'Slack makes no links and mentions of its own');
    const links = text.match(/<[^>]*>/g) ?? [];
    for (const link of links) t.match(link, /^<https:\/\/keyturn\.example\.com\//);
    t.notMatch(text, /\u202e/u);
  }
});

t.test('no text makes a message that Slack refuses', async () => {
  const text = fc.string({ unit: 'binary', maxLength: 3_000 });
  const rude = fc.oneof(text, fc.constant('&'.repeat(3_000)), fc.constant('<>'.repeat(2_000)));
  fc.assert(
    fc.property(rude, rude, fc.array(rude, { maxLength: 8 }), (summary, value, details) => {
      const labels = {
        issuer: value,
        rotation: value,
        key: value,
        service: value,
        instance: value,
        cache: value,
        address: value,
        kid: value,
        receiver: value,
      };
      const made = message('chat', 'fired', alertRecord({ summary, details, labels }));
      return (
        made.blocks.length <= 50 &&
        made.blocks.every(({ text: { text } }) => text.length <= 3_000 && text.length > 0)
      );
    }),
  );
  fc.assert(fc.property(rude, (given) => !/[<>]|&(?!(?:amp|lt|gt);)/.test(slackText(given))));
});
