import type { IssuerDetailView, VantageDetailView } from '../../../api/schemas/live-issuers.ts';
import { nowMs } from '../../live/live.ts';
import { Card } from '../../ui/card.tsx';
import { Command } from '../../ui/command.tsx';
import { type Fact, Facts } from '../../ui/facts.tsx';
import { LeftOut } from '../../ui/left-out.tsx';
import { Ago } from '../../ui/moment.tsx';
import { Name } from '../../ui/name.tsx';
import { Sentence } from '../../ui/sentence.tsx';
import { StateBadge } from '../../ui/state-badge.tsx';
import { clockSentence, headersSentence } from './document-words.ts';

/** The JWKS as each of its addresses shows it. */
export function Vantages({ detail }: { readonly detail: IssuerDetailView }) {
  if (detail.vantages.length === 0) {
    return (
      <p class="empty">
        {detail.glance.shared_secrets
          ? 'It shares secrets with verifiers, so there is no JWKS to read.'
          : 'No address is configured to read its JWKS from: set issuers[].jwks_uri in the collector settings.'}
      </p>
    );
  }
  return (
    <section aria-labelledby="vantages">
      <h2 id="vantages">Its JWKS, as seen from here</h2>
      <div class="vantages">
        {detail.vantages.map((vantage) => (
          <Vantage
            key={vantage.url}
            vantage={vantage}
            lacks={detail.differences.filter(({ missing_at: urls }) => urls.includes(vantage.url))}
          />
        ))}
      </div>
    </section>
  );
}

function Vantage({
  vantage,
  lacks,
}: {
  readonly vantage: VantageDetailView;
  readonly lacks: IssuerDetailView['differences'];
}) {
  const { document: found } = vantage;
  return (
    <Card
      level={3}
      title={<Name text={vantage.url} />}
      aside={<VantageBadge vantage={vantage} lacks={lacks.length} />}
      {...(vantage.error === null ? {} : { tone: 'alarm' as const })}
    >
      {vantage.message === null ? null : (
        <p>
          <Sentence text={vantage.message} />
          {'. '}
          <Command text={`curl -fsS '${vantage.url.replaceAll("'", "'\\''")}'`} />
        </p>
      )}
      <Facts facts={factsOf(vantage)} />
      {found === null ? (
        <p class="hatched unknown-keys">Which keys it serves now is not known.</p>
      ) : (
        <ul class="document-keys" aria-label="Keys it serves">
          {found.keys.map((key) => (
            <li key={`${key.kid} ${key.thumbprint}`} class="tag">
              <Name text={key.kid} charsMax={40} /> <span class="soft">{key.alg}</span>
            </li>
          ))}
          {lacks.map((key) => (
            <li key={`${key.kid} ${key.thumbprint} lacking`} class="tag closed lacking">
              lacks <Name text={key.kid} charsMax={40} />
            </li>
          ))}
        </ul>
      )}
      {found === null ? null : (
        <>
          <LeftOut count={found.more_keys} what="keys" where="in the document itself" />
          {found.untracked_keys === 0 ? null : (
            <p class="soft">
              {found.untracked_keys} more without a kid, or of a kind without a thumbprint
            </p>
          )}
        </>
      )}
    </Card>
  );
}

function VantageBadge({
  vantage,
  lacks,
}: {
  readonly vantage: VantageDetailView;
  readonly lacks: number;
}) {
  const { counts_until_at: until, error, fetched_at: fetched } = vantage;
  if (fetched === null) return <StateBadge standing="unknown" word="NOT READ YET" />;
  if (error !== null) return <StateBadge standing="closed" word="NOT READABLE" />;
  if (until === null || Date.parse(until) <= nowMs.value) {
    return <StateBadge standing="unknown" word="NOT READ LATELY" />;
  }
  return lacks > 0 ? (
    <StateBadge standing="closed" word={lacks === 1 ? 'LACKS A KEY' : `LACKS ${lacks} KEYS`} />
  ) : (
    <StateBadge standing="open" word="READABLE" />
  );
}

function factsOf(vantage: VantageDetailView): readonly Fact[] {
  const { consecutive_failures: failures, document: found } = vantage;
  return [
    [
      'looked at',
      vantage.fetched_at === null ? 'not since the start' : <Ago key="f" at={vantage.fetched_at} />,
    ],
    found === null
      ? [
          'last readable',
          vantage.readable_at === null ? (
            'not since the start'
          ) : (
            <Ago key="r" at={vantage.readable_at} />
          ),
        ]
      : null,
    vantage.error === null ? null : ['why', vantage.error.replaceAll('_', ' ')],
    vantage.failing_since_at === null
      ? null
      : [
          'fails',
          <span key="s">
            {failures} in a row, since <Ago at={vantage.failing_since_at} />
          </span>,
        ],
    found === null ? null : ['caches may keep it', headersSentence(found)],
    found === null ? null : ['clock', clockSentence(found)],
    found === null
      ? null
      : ['document', `${found.bytes} bytes, sha256 ${found.sha256.slice(0, 12)}…`],
  ];
}
