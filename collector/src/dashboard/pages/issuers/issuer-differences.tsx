import type { IssuerDetailView, KeyDifferenceView } from '../../../api/schemas/live-issuers.ts';
import { Card } from '../../ui/card.tsx';
import { LeftOut } from '../../ui/left-out.tsx';
import { Name } from '../../ui/name.tsx';
import { Thumbprint } from '../../ui/thumbprint.tsx';

/** What addresses of one JWKS show differently, and kids that stand for two keys; nothing where all agree. */
export function IssuerDifferences({ detail }: { readonly detail: IssuerDetailView }) {
  const { differences, more_differences: more, reused_kids: reused } = detail;
  if (differences.length === 0 && reused.length === 0) return null;
  return (
    <>
      {differences.length === 0 ? null : (
        <Card title="Its addresses serve different keys" tone="alarm">
          <ul class="plain-list">
            {differences.map((key) => (
              <Difference key={`${key.kid} ${key.thumbprint}`} of={key} />
            ))}
          </ul>
          <LeftOut count={more} what="keys" where="compare the documents below" />
        </Card>
      )}
      {reused.length === 0 ? null : (
        <Card title="One kid stands for two keys" tone="alarm">
          <p>
            {reused.map((kid) => (
              <span key={kid}>
                <Name text={kid} />{' '}
              </span>
            ))}
          </p>
          <p class="soft">
            A kid has one key for ever: verifiers that hold the other one refuse valid tokens.{' '}
            <a href="/runbooks/KidReused">What to do</a>
          </p>
        </Card>
      )}
    </>
  );
}

function Difference({ of: key }: { readonly of: KeyDifferenceView }) {
  return (
    <li>
      <strong>
        <Name text={key.kid} />
      </strong>{' '}
      <Name text={key.alg} /> <Thumbprint text={key.thumbprint} /> is served by{' '}
      <Urls of={key.served_at} /> and <strong class="closed-word">missing at</strong>{' '}
      <Urls of={key.missing_at} />
    </li>
  );
}

function Urls({ of }: { readonly of: readonly string[] }) {
  return (
    <>
      {of.map((url, index) => (
        <span key={url}>
          {index === 0 ? '' : ', '}
          <Name text={url} />
        </span>
      ))}
    </>
  );
}
