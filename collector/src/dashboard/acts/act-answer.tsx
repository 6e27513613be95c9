import type { ComponentChildren } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import { Command } from '../ui/command.tsx';
import { Name } from '../ui/name.tsx';
import { ActConsequences } from './act-consequences.tsx';
import type { ActForm } from './act-form.ts';
import type { ActAnswer } from './send-act.ts';
import { gateConsequences } from './verdict-words.ts';

const SENTENCE_CHARS_MAX = 600;

/** What became of an act. */
export function ActAnswerText({
  answer,
  form,
  close,
}: {
  readonly answer: ActAnswer;
  /** The act it is the answer to. */
  readonly form: ActForm;
  readonly close: () => void;
}) {
  switch (answer.kind) {
    case 'done':
      return (
        <Ending title="Recorded" text={form.said(answer.body)} close={close}>
          {form.leadsTo === undefined ? null : (
            <p>
              <a href={form.leadsTo(answer.body)}>Show it</a>
            </p>
          )}
          <p class="soft">What it changes is shown when the collector tells of it.</p>
        </Ending>
      );
    case 'unknown':
      return (
        <Ending
          title="Not known whether it was taken"
          text={answer.why}
          close={close}
          tone="danger"
        >
          <p>Look at the audit trail before you try again:</p>
          <Command text="keyturn audit" />
        </Ending>
      );
    case 'locked':
      return <p>The page is locked: nothing was sent. Close this and unlock again.</p>;
    case 'refused': {
      const { detail, field, verdict, clears_at: clearsAt } = answer.problem;
      return (
        <>
          <p>
            Refused, nothing was changed: <Name text={detail} charsMax={SENTENCE_CHARS_MAX} />
            {field === undefined || field === '' ? null : (
              <>
                {' '}
                (<Name text={field} />)
              </>
            )}
            {clearsAt === undefined ? null : ` It can be taken from ${clearsAt} on.`}
          </p>
          {verdict === undefined ? null : (
            <ActConsequences consequences={gateConsequences(verdict)} />
          )}
        </>
      );
    }
  }
}

/** The last word on an act, which takes the focus. */
function Ending({
  title,
  text,
  tone = 'good',
  close,
  children,
}: {
  readonly title: string;
  readonly text: string;
  readonly tone?: 'good' | 'danger';
  readonly close: () => void;
  readonly children: ComponentChildren;
}) {
  const button = useRef<HTMLButtonElement>(null);
  useEffect(() => button.current?.focus(), []);
  return (
    <div class={`ending ${tone}`}>
      <div role="alert">
        <h3>{title}</h3>
        <p>
          <Name text={text} charsMax={SENTENCE_CHARS_MAX} />
        </p>
      </div>
      {children}
      <div class="buttons">
        <button ref={button} type="button" onClick={close}>
          Close
        </button>
      </div>
    </div>
  );
}
