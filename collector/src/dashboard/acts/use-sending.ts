import { useEffect, useRef, useState } from 'preact/hooks';
import type { ActForm } from './act-form.ts';
import { tellOutcome } from './outcome.ts';
import type { ActAnswer } from './send-act.ts';
import { sendAct } from './send-act.ts';

/** An act that was sent, with its answer. */
export interface Ended {
  readonly answer: ActAnswer;
  /** As it was when it was sent: by now it may describe something else. */
  readonly form: ActForm;
}

/**
 * Sends a form once at a time, however often it is asked to. Where the dialog goes away before somebody
 * closed it, the page tells what became of the act.
 */
export function useSending() {
  const [isSending, setSending] = useState(false);
  const [ended, setEnded] = useState<Ended | null>(null);
  const isOnItsWay = useRef(false);
  const untold = useRef<Ended | null>(null);
  const isGone = useRef(false);
  useEffect(
    () => () => {
      isGone.current = true;
      if (untold.current !== null) tellOutcome(untold.current.form, untold.current.answer);
    },
    [],
  );
  const send = async (form: ActForm): Promise<void> => {
    if (isOnItsWay.current) return;
    isOnItsWay.current = true;
    setSending(true);
    setEnded(null);
    const answer = await sendAct(form.request);
    isOnItsWay.current = false;
    if (isGone.current) {
      tellOutcome(form, answer);
      return;
    }
    untold.current = { answer, form };
    setEnded(untold.current);
    setSending(false);
  };
  const leave = (): void => {
    untold.current = null;
  };
  return { isSending, ended, send, leave };
}
