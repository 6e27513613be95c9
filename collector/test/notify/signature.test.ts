import { createHmac, timingSafeEqual } from 'node:crypto';
import t from 'tap';
import { Secret } from '../../src/notify/secret.ts';
import { hmacKeyProblem, signatureHeaders } from '../../src/notify/signature.ts';

// The example of the Standard Webhooks specification and of the libraries that implement it.
const KEY = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
const ID = 'msg_p5jXN8AQM9LWM0D4loKWxJek';
const TIME_S = 1_614_265_330;
const BODY = '{"test": 2432232314}';
const SIGNATURE = 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=';

t.test('is the one of the specification', async (t) => {
  t.same(signatureHeaders(new Secret(KEY), ID, BODY, TIME_S * 1_000 + 999), {
    'webhook-id': ID,
    'webhook-timestamp': String(TIME_S),
    'webhook-signature': SIGNATURE,
  });
});

t.test('depends on everything it covers', async (t) => {
  const signed = (key: string, id: string, body: string, ms: number) =>
    signatureHeaders(new Secret(key), id, body, ms)['webhook-signature'];
  const base = signed(KEY, ID, BODY, 0);
  const others = [
    signed(`${KEY.slice(0, -1)}x`, ID, BODY, 0),
    signed(KEY, `${ID}x`, BODY, 0),
    signed(KEY, ID, `${BODY} `, 0),
    signed(KEY, ID, BODY, 1_000),
  ];
  for (const other of others) t.not(other, base);
});

t.test('any text is a key as it is', async (t) => {
  const key = 'correct-horse-battery-staple';
  const expected = createHmac('sha256', key).update(`i.1.body`).digest();
  const made = signatureHeaders(new Secret(key), 'i', 'body', 1_000)['webhook-signature'] ?? '';
  t.ok(timingSafeEqual(Buffer.from(made.slice('v1,'.length), 'base64'), expected));
});

t.test('what is no key', async (t) => {
  t.equal(hmacKeyProblem(new Secret(KEY)), undefined);
  t.equal(hmacKeyProblem(new Secret('x'.repeat(24))), undefined);
  t.match(hmacKeyProblem(new Secret('x'.repeat(23))), /at least 24 bytes, got 23/);
  t.match(hmacKeyProblem(new Secret('whsec_aGVsbG8=')), /at least 24 bytes, got 5/);
  t.match(hmacKeyProblem(new Secret(`whsec_${'!'.repeat(40)}`)), /base64/);
});
