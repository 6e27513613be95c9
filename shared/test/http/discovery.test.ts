import t from 'tap';
import { discoveryUrl, fetchDiscovery, jwksUriOf } from '../../src/http/discovery.ts';
import { answer, options, origin } from './origin.ts';

t.test('where the document is', async (t) => {
  const cases: readonly [string, string | null][] = [
    ['https://a.example', 'https://a.example/.well-known/openid-configuration'],
    ['https://a.example/', 'https://a.example/.well-known/openid-configuration'],
    ['https://A.example/t/', 'https://A.example/t/.well-known/openid-configuration'],
    ['http://10.0.0.1:80/t', 'http://10.0.0.1:80/t/.well-known/openid-configuration'],
    ['a.example', null],
    ['urn:x', null],
    ['http://[', null],
    ['file:///etc', null],
  ];
  for (const [issuer, expected] of cases) t.equal(discoveryUrl(issuer), expected, issuer);
});

t.test('the issuer must be the very string that was asked for', async (t) => {
  let body = '';
  const base = await origin(t, (request, response) => answer(body)(request, response));
  const read = (issuer: string) => fetchDiscovery(new URL(base), issuer, options());
  body = JSON.stringify({ issuer: base, jwks_uri: 'x' });
  t.match(await read(base), { ok: true, document: { issuer: base, jwks_uri: 'x' } });
  t.match(await read(`${base}/`), {
    error: 'invalid',
    message: /^discovery: expected issuer ".*\/" byte for byte, got "http:/,
  });
  const refused: readonly [string, string, RegExp][] = [
    ['<html>', 'not_json', /^discovery: expected JSON$/],
    ['', 'not_json', /^discovery: expected JSON$/],
    ['null', 'invalid', /^discovery: expected a JSON object, got null$/],
    ['[]', 'invalid', /^discovery: expected a JSON object, got a list of 0$/],
    ['{}', 'invalid', /^discovery: expected issuer .* got nothing$/],
  ];
  for (const [text, error, message] of refused) {
    body = text;
    t.match(await read(base), { ok: false, error, message }, text);
  }
  const missing = await origin(t, (_request, response) => response.writeHead(404).end());
  t.match(await fetchDiscovery(new URL(missing), missing, options()), {
    error: 'status',
    message: 'discovery: expected status 200, got 404',
  });
});

t.test('the jwks_uri must be one that may be fetched', async (t) => {
  const cases: readonly [unknown, boolean, RegExp | null][] = [
    ['https://a.example/jwks', false, null],
    ['http://127.0.0.1:1/jwks', false, null],
    ['http://[::1]:1/jwks', false, null],
    ['http://a.example/jwks', true, null],
    ['http://a.example/jwks', false, /^discovery: jwks_uri "http:.*" is plain http to another/],
    ['file:///etc/passwd', true, /^discovery: expected jwks_uri to be an http or https URL/],
    [undefined, true, /got nothing$/],
    [7, true, /got 7$/],
  ];
  const from = new URL('http://127.0.0.1:1/.well-known/openid-configuration');
  for (const [jwks_uri, allowHttp, message] of cases) {
    const result = jwksUriOf({ document: { jwks_uri }, from }, allowHttp);
    const expected = message === null ? { ok: true } : { ok: false, error: 'invalid', message };
    t.match(result, expected, `${String(jwks_uri)} ${allowHttp}`);
  }
});

t.test('a document from elsewhere has nothing of this machine asked', async (t) => {
  const from = new URL('https://a.example/.well-known/openid-configuration');
  for (const jwks_uri of [
    'http://127.0.0.1:6379/',
    'http://127.1/',
    'http://localhost:8200/v1/sys',
    'https://[::1]:8443/',
  ]) {
    const result = jwksUriOf({ document: { jwks_uri }, from }, true);
    t.match(
      result,
      { ok: false, error: 'invalid', message: /is on this machine, unlike/ },
      jwks_uri,
    );
  }
  t.match(jwksUriOf({ document: { jwks_uri: 'https://b.example/' }, from }, false), { ok: true });
});
