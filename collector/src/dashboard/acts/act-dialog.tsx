import { useEffect, useId, useRef, useState } from 'preact/hooks';
import { fresh } from '../live/live.ts';
import { Name } from '../ui/name.tsx';
import { ActAnswerText } from './act-answer.tsx';
import { ActField } from './act-field.tsx';
import { ActConsequences } from './act-consequences.tsx';
import type { ActForm, Describe, Values } from './act-form.ts';
import { chosen, missing } from './act-form.ts';
import { operator } from './operator.ts';
import { type Ended, useSending } from './use-sending.ts';

/** One act: what follows from it, what it asks for, and what became of it. Nothing is assumed. */
export function ActDialog({
  describe,
  onLookAgain,
  onClosed,
}: {
  readonly describe: Describe;
  /** Loads anew what was fetched for the act. */
  readonly onLookAgain?: () => void;
  readonly onClosed: () => void;
}) {
  const dialog = useRef<HTMLDialogElement>(null);
  const [values, setValues] = useState<Values>({});
  const { isSending, ended, send, leave } = useSending();
  const present = describe(values);
  const isOver =
    ended !== null && (ended.answer.kind === 'done' || ended.answer.kind === 'unknown');
  const form = isOver ? ended.form : present;
  const id = useId();
  const close = (): void => dialog.current?.close();
  useEffect(() => {
    dialog.current?.showModal();
  }, []);
  return (
    <dialog
      ref={dialog}
      class={`act ${form.isDangerous ? 'dangerous' : ''}`}
      aria-labelledby={`${id}-title`}
      aria-describedby={`${id}-follows`}
      onClose={() => {
        leave();
        onClosed();
      }}
      onCancel={(event) => {
        // While an act is on its way, leaving would look like calling it back.
        if (isSending) event.preventDefault();
      }}
    >
      <h2 id={`${id}-title`}>
        <Name text={form.heading} charsMax={200} />
      </h2>
      {isOver ? (
        <ActAnswerText answer={ended.answer} form={form} close={close} />
      ) : (
        <ActQuestion
          id={`${id}-follows`}
          form={form}
          values={values}
          setValues={setValues}
          ended={ended}
          isSending={isSending}
          onSend={() => void send(form)}
          onLookAgain={onLookAgain}
          close={close}
        />
      )}
    </dialog>
  );
}

function ActQuestion({
  id,
  form,
  values,
  setValues,
  ended,
  isSending,
  onSend,
  onLookAgain,
  close,
}: {
  /** Of what follows from the act. */
  readonly id: string;
  readonly form: ActForm;
  readonly values: Values;
  readonly setValues: (values: Values) => void;
  readonly ended: Ended | null;
  readonly isSending: boolean;
  readonly onSend: () => void;
  readonly onLookAgain: (() => void) | undefined;
  readonly close: () => void;
}) {
  const [lacks, setLacks] = useState('');
  const read = useReadBasis(form, values);
  const barrier = barrierOf(form);
  const submit = (event: Event): void => {
    event.preventDefault();
    const lack = missing(form, values);
    setLacks(lack ?? '');
    if (lack === null && barrier === null && !read.hasChanged) onSend();
  };
  const set = (name: string, value: string): void => {
    setLacks('');
    setValues({ ...values, [name]: value });
  };
  return (
    <form onSubmit={submit} autocomplete="off" noValidate>
      <ActConsequences id={id} consequences={form.consequences} />
      {onLookAgain === undefined ? null : (
        <button type="button" class="look" onClick={onLookAgain}>
          Look again
        </button>
      )}
      {form.fields.map((field) => (
        <ActField
          key={field.name}
          field={field}
          value={chosen(values, field)}
          onInput={(value) => set(field.name, value)}
        />
      ))}
      {form.typed === null ? null : (
        <ActField
          field={{
            kind: 'text',
            name: 'typed',
            label: `Type ${form.typed} to go on`,
            required: true,
            charsMax: 128,
          }}
          value={values['typed'] ?? ''}
          onInput={(value) => set('typed', value)}
        />
      )}
      <div role="alert" class="refusal">
        {read.hasChanged ? (
          <p>
            What this is about has changed while you read.{' '}
            <button type="button" onClick={read.readAnew}>
              I have read it anew
            </button>
          </p>
        ) : null}
        {barrier === null ? null : <p>{barrier}</p>}
        {lacks === '' ? null : <p>{lacks}</p>}
        {ended === null ? null : (
          <ActAnswerText answer={ended.answer} form={ended.form} close={close} />
        )}
      </div>
      <div class="buttons">
        <button type="button" disabled={isSending} onClick={close}>
          Cancel
        </button>
        <button
          type="submit"
          class={form.isDangerous ? 'primary danger' : 'primary'}
          disabled={barrier !== null || isSending || read.hasChanged}
        >
          {isSending ? 'Sending…' : form.label}
        </button>
      </div>
    </form>
  );
}

/** Why nothing can be sent now, whatever is filled in. */
function barrierOf(form: ActForm): string | null {
  if (fresh.value.kind !== 'live') {
    return 'What is shown may be old: no act is possible until the collector is heard again.';
  }
  if (operator.value.kind === 'read_only') {
    return `${operator.value.because ?? 'The page is locked.'} Close this and unlock again.`;
  }
  return form.blocked;
}

/**
 * Whether a person has seen what the act is decided by, as it stands now. What they choose themselves
 * they see; what changes by itself they have to look at.
 */
function useReadBasis(form: ActForm, values: Values) {
  const choice = form.fields
    .filter(({ kind }) => kind === 'choice')
    .map((field) => values[field.name] ?? '')
    .join('\n');
  const [read, setRead] = useState({ choice, basis: form.basis });
  const readAnew = (): void => setRead({ choice, basis: form.basis });
  if (read.choice !== choice) readAnew();
  return { hasChanged: read.choice === choice && read.basis !== form.basis, readAnew };
}
