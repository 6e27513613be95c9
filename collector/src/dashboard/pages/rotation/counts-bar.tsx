import type { RotationDetailView } from '../../../api/schemas/rotation.ts';
import { Card } from '../../ui/card.tsx';
import { gradeShares } from './grade-counts.ts';

/** Who knows the new key, by what shows it, against all there should be. */
export function CountsBar({ detail }: { readonly detail: RotationDetailView }) {
  const verdict = detail.gates.find(({ gate }) => gate === (detail.next_gate ?? 'activate'));
  const counts = verdict?.counts ?? null;
  if (verdict === undefined || counts === null) return null;
  const { expected, satisfied, shares } = gradeShares(counts);
  return (
    <Card
      title="Who knows the new key"
      aside={
        <span>
          <strong>{satisfied}</strong> of <strong>{expected}</strong>{' '}
          {verdict.gate === 'activate' ? 'satisfy' : 'do not hold up'} gate {verdict.gate}
        </span>
      }
    >
      {expected === 0 ? (
        <p class="empty">No verifier is known and none is declared.</p>
      ) : (
        <>
          <div class="counts-bar" aria-hidden="true">
            {shares.map(({ grade, look, share, count }) => (
              <span key={grade} class={`grade ${look}`} style={{ flexGrow: String(share) }}>
                {share > 0.06 ? count : ''}
              </span>
            ))}
          </div>
          <ul class="grades">
            {shares.map(({ grade, look, count, meaning }) => (
              <li key={grade}>
                <span class={`grade grade-swatch ${look}`} aria-hidden="true" />
                <strong>{count}</strong> {grade} <span class="soft">{meaning}</span>
              </li>
            ))}
          </ul>
        </>
      )}
    </Card>
  );
}
