import { useEffect, useId, useRef, useState } from 'preact/hooks';
import { Name } from '../ui/name.tsx';
import { unlock } from './operator.ts';

/** Asks who acts and for the operator token, which leaves the field as soon as it is read. */
export function OperatorDialog({
  purpose,
  onUnlocked,
  onClosed,
}: {
  /** The act that somebody wants to do. */
  readonly purpose: string;
  readonly onUnlocked: () => void;
  readonly onClosed: () => void;
}) {
  const dialog = useRef<HTMLDialogElement>(null);
  const name = useRef<HTMLInputElement>(null);
  const secret = useRef<HTMLInputElement>(null);
  const [refusal, setRefusal] = useState('');
  const [busy, setBusy] = useState(false);
  const asking = useRef<AbortController | null>(null);
  const id = useId();
  useEffect(() => {
    dialog.current?.showModal();
    const withdraw = (): void => asking.current?.abort();
    // A page kept for the way back would unlock when somebody comes back to it.
    addEventListener('pagehide', withdraw);
    return () => {
      removeEventListener('pagehide', withdraw);
      withdraw();
    };
  }, []);

  const close = (): void => {
    // Whoever cancels while the token is looked at does not want to act.
    asking.current?.abort();
    onClosed();
  };
  const submit = async (event: Event): Promise<void> => {
    event.preventDefault();
    const by = name.current?.value.trim() ?? '';
    const presented = secret.current?.value ?? '';
    if (busy) return;
    if (by === '' || presented === '') {
      setRefusal(by === '' ? 'Your name is missing.' : 'The token is missing.');
      (by === '' ? name : secret).current?.focus();
      return;
    }
    if (secret.current !== null) secret.current.value = '';
    setBusy(true);
    const given = new AbortController();
    asking.current = given;
    const ended = await unlock(by, presented, given.signal);
    setBusy(false);
    if (given.signal.aborted) return;
    if (ended.kind === 'unlocked') return onUnlocked();
    setRefusal(
      ended.kind === 'refused'
        ? ended.message
        : 'The collector could not be asked. Nothing was unlocked.',
    );
    secret.current?.focus();
  };

  return (
    <dialog ref={dialog} class="act" aria-labelledby={`${id}-title`} onClose={close}>
      <form onSubmit={(event) => void submit(event)} autocomplete="off" noValidate>
        <h2 id={`${id}-title`}>Who acts?</h2>
        <p>
          To act (<Name text={purpose} />) the operator token is needed. It stays in the memory of
          this page: it is forgotten when you lock, reload or leave it, and after 15 minutes without
          an act.
        </p>
        <label class="field">
          <span>Your name, for the audit trail</span>
          <input ref={name} type="text" maxLength={200} autocomplete="off" spellcheck={false} />
        </label>
        <label class="field">
          <span>Operator token</span>
          <input
            ref={secret}
            type="password"
            maxLength={4_000}
            autocomplete="off"
            spellcheck={false}
            autocapitalize="off"
            data-1p-ignore
            data-lpignore="true"
          />
        </label>
        <p class="refusal" role="alert">
          {refusal}
        </p>
        <div class="buttons">
          <button type="button" onClick={() => dialog.current?.close()}>
            Cancel
          </button>
          <button type="submit" class="primary" aria-disabled={busy}>
            {busy ? 'Asking the collector…' : 'Unlock'}
          </button>
        </div>
      </form>
    </dialog>
  );
}
