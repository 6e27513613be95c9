import type { RotationHistoryView } from '../../../api/schemas/history.ts';
import type { RotationDetailView } from '../../../api/schemas/rotation.ts';
import type { TimelineView } from '../../../api/schemas/timeline.ts';
import { useHistory } from '../../charts/use-history.ts';
import { nowInSteps, nowMs } from '../../live/live.ts';
import { useView } from '../../live/use-view.ts';
import { Card } from '../../ui/card.tsx';
import { Ago, At, Until } from '../../ui/moment.tsx';
import { Sentence } from '../../ui/sentence.tsx';
import { Waiting } from '../../ui/waiting.tsx';
import { useWidth } from '../../ui/use-width.ts';
import { knowingPercent, knowingSentence, rotationColumns } from './history-columns.ts';
import { type Mark, marksOf, spansOf } from './timeline-moments.ts';
import { TimelineDrawing } from './timeline-drawing.tsx';

// Drawn anew every few seconds and not with every tick; never before what has just been seen.
const drawnAtMs = nowInSteps(5_000);

/** A little of what was before the start. */
const BEFORE_MS = 10_000;

/** The life of both keys: what was seen, what is foreseen, and the margins in between. */
export function Timeline({ detail }: { readonly detail: RotationDetailView }) {
  const view = useView('rotation-timeline', detail.rotation.id);
  return (
    <Card title="Life of both keys">
      {view === undefined || view === null ? (
        <Waiting value={view} missing="The moments of this rotation are not known." />
      ) : (
        <Drawn detail={detail} view={view} />
      )}
    </Card>
  );
}

function Drawn({
  detail,
  view,
}: {
  readonly detail: RotationDetailView;
  readonly view: TimelineView;
}) {
  const { rotation } = detail;
  const { ref, widthPx } = useWidth<HTMLDivElement>();
  const now = drawnAtMs.value;
  const forecast = { knownByMs: knownByMs(detail) };
  const history = useHistory<RotationHistoryView>({
    path: `/v1/history/rotations/${encodeURIComponent(rotation.id)}?`,
    fromMs: Date.parse(view.started_at) - BEFORE_MS,
    toMs: rotation.ended_at === null ? now : Date.parse(rotation.ended_at),
    rangeKey: rotation.ended_at ?? 'open',
    way: rotation.ended_at === null ? 'whole' : 'fixed',
    read: rotationColumns,
  });
  const { columns } = history;
  const known =
    columns === null
      ? null
      : { at: columns.at, percent: knowingPercent(columns), allByMs: forecast.knownByMs };
  // What is foreseen has not come a moment before it does, whatever is drawn.
  const marks = marksOf(view, forecast, nowMs.peek());
  return (
    <div ref={ref} class="timeline">
      {widthPx === 0 ? null : (
        <TimelineDrawing
          marks={marks}
          spans={spansOf(view, forecast, now)}
          nowMs={rotation.open ? now : null}
          widthPx={widthPx}
          known={known}
          gates={history.last?.gates ?? []}
        />
      )}
      {columns === null ? null : (
        <p class="answer">
          {knowingSentence(columns) || 'How many know the new key is not known yet.'}
        </p>
      )}
      <MarkList marks={marks} />
      {view.unbounded_services.length === 0 ? null : (
        <p>
          Without a bound: <Sentence text={view.unbounded_services.join(', ')} />
        </p>
      )}
    </div>
  );
}

/** When all verifiers will know the new key, as far as that can be foreseen before the switch. */
function knownByMs({ rotation, gates, propagation }: RotationDetailView): number | null {
  if (rotation.switched_at !== null || !rotation.open) return null;
  const activate = gates.find(({ gate }) => gate === 'activate');
  const at = propagation?.known_by ?? activate?.clears_at ?? null;
  return at === null ? null : Date.parse(at);
}

/** The same for who does not see the drawing, and for whoever wants to know exactly. */
function MarkList({ marks }: { readonly marks: readonly Mark[] }) {
  return (
    <ol class="marks">
      {marks.map((mark, at) => {
        const iso = new Date(mark.atMs).toISOString();
        return (
          <li key={mark.id} class={mark.isAhead ? 'ahead' : ''}>
            <span class={`mark-number ${mark.key}`} aria-hidden="true">
              {at + 1}
            </span>
            <span>
              {mark.label}
              {mark.isAhead ? ' (foreseen)' : ''}
              <br />
              <span class="soft">
                <At at={iso} />, {mark.isAhead ? <Until at={iso} /> : <Ago at={iso} />}
              </span>
            </span>
          </li>
        );
      })}
    </ol>
  );
}
