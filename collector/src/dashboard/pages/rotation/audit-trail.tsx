import { useEffect, useRef, useState } from 'preact/hooks';
import type { AuditEntryView } from '../../../api/schemas/status.ts';
import { tick } from '../../live/live.ts';
import { Card } from '../../ui/card.tsx';
import { At } from '../../ui/moment.tsx';
import { Name } from '../../ui/name.tsx';
import { Sentence } from '../../ui/sentence.tsx';
import { visibleText } from '../../ui/visible-text.ts';
import { type AuditPage, EMPTY_TRAIL, type Trail, withPage } from './audit-pages.ts';

const PAGE = 25;

/** What newer entries are fetched in; more than this at once is rare. */
const NEWER = 200;

/** Decisions, acts, observations and refusals of a rotation, newest first. */
export function AuditTrail({ rotationId }: { readonly rotationId: string }) {
  const [trail, setTrail] = useState<Trail | null>(null);
  const [failed, setFailed] = useState(false);
  const shown = useRef<Trail>(EMPTY_TRAIL);
  const version = tick.value?.versions['audit'] ?? 0;

  const load = async (where: 'newer' | 'older'): Promise<void> => {
    try {
      const page = await fetchPage(rotationId, shown.current, where);
      shown.current = withPage(shown.current, page, where);
      setTrail(shown.current);
      setFailed(false);
    } catch {
      setFailed(true);
    }
  };
  useEffect(() => void load('newer'), [version]);

  return (
    <Card title="Decisions and audit">
      {failed ? (
        <p role="status" class="empty hatched">
          The audit trail could not be read just now; what is shown may lack the latest entries.
        </p>
      ) : null}
      {trail === null ? (
        failed ? null : (
          <p class="empty">Loading…</p>
        )
      ) : (
        <ol class="trail" reversed>
          {trail.entries.map((entry) => (
            <Entry key={entry.number} entry={entry} />
          ))}
        </ol>
      )}
      {trail?.hasOlder === true ? (
        <button type="button" onClick={() => void load('older')}>
          Show older
        </button>
      ) : null}
    </Card>
  );
}

function Entry({ entry }: { readonly entry: AuditEntryView }) {
  const facts = Object.keys(entry.detail).length;
  return (
    <li class={`entry ${entry.kind}`}>
      <div>
        <At at={entry.at} /> <span class="kind">{entry.kind}</span>
        <br />
        <span class="soft">
          <Name text={entry.actor} /> · {visibleText(entry.action)}
        </span>
      </div>
      <div>
        <Sentence text={entry.message} />
        {facts === 0 ? null : (
          <details class="raw">
            <summary>
              entry {entry.number}, {facts} {facts === 1 ? 'fact' : 'facts'}
            </summary>
            <pre>{visibleJson(entry.detail)}</pre>
          </details>
        )}
      </div>
    </li>
  );
}

/** JSON over lines, what would hide in it written out. */
function visibleJson(detail: AuditEntryView['detail']): string {
  return JSON.stringify(detail, null, 2).split('\n').map(visibleText).join('\n');
}

async function fetchPage(
  rotationId: string,
  trail: Trail,
  where: 'newer' | 'older',
): Promise<AuditPage> {
  const newest = trail.entries[0]?.number ?? 0;
  const oldest = trail.entries.at(-1)?.number;
  const query = new URLSearchParams({ rotation: rotationId, order: 'newest' });
  query.set('limit', String(where === 'older' || newest === 0 ? PAGE : NEWER));
  if (where === 'newer' && newest > 0) query.set('after', String(newest));
  if (where === 'older' && oldest !== undefined) query.set('before', String(oldest));
  const answer = await fetch(`/v1/audit?${query}`, { signal: AbortSignal.timeout(10_000) });
  if (!answer.ok) throw new Error(`expected the audit trail, got status ${answer.status}`);
  return (await answer.json()) as AuditPage;
}
