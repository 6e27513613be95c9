import { counted } from '@keyturn/shared/model/counted.ts';
import type { SilenceView } from '../../../api/schemas/alert.ts';
import type { AlertsView } from '../../../api/schemas/live-alerts.ts';
import { SilenceActs } from '../../acts/alert-acts.tsx';
import { Card } from '../../ui/card.tsx';
import { Command } from '../../ui/command.tsx';
import { LeftOut } from '../../ui/left-out.tsx';
import { Ago, Until } from '../../ui/moment.tsx';
import { Name } from '../../ui/name.tsx';
import { Sentence } from '../../ui/sentence.tsx';

/** Silences in force: what they keep from being told, who says so, and until when. */
export function Silences({
  silences,
  more,
}: {
  readonly silences: AlertsView['silences'];
  readonly more: number;
}) {
  if (silences.length === 0) return null;
  return (
    <Card title="Silences in force">
      <p class="soft">What is silenced fires all the same, and shuts the gates it shuts.</p>
      <ul class="plain-list">
        {silences.map((silence) => (
          <li key={silence.id}>
            <SilenceLine silence={silence} />{' '}
            <span class="soft">
              · keeps {counted(silence.silencing, 'firing alert')} from being told
            </span>{' '}
            <SilenceActs silenceId={silence.id} />
            <Command text={`keyturn alerts unsilence ${silence.id} --reason "why"`} />
          </li>
        ))}
      </ul>
      <LeftOut count={more} what="silences" where="keyturn alerts silences" />
    </Card>
  );
}

/** One silence as a sentence. */
export function SilenceLine({ silence }: { readonly silence: SilenceView }) {
  const { at, by, expires_at: until, labels, name, reason } = silence;
  return (
    <>
      <strong>{name ?? 'Every alert'}</strong>
      {Object.entries(labels).map(([label, value]) => (
        <span key={label}>
          {' '}
          {label} <Name text={value} />
        </span>
      ))}
      : <Sentence text={reason} />{' '}
      <span class="soft">
        by <Name text={by} />, <Ago at={at} />, ends <Until at={until} />
      </span>
    </>
  );
}
