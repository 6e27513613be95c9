import type { VerifierId } from '@keyturn/shared/model/ids.ts';
import type { AgentEvent } from '../events.ts';
import type { SessionNews } from './session-events.ts';

/** What the session has to tell, in the words of the agent; undefined of a verifier that is gone. */
export function eventOf(
  news: SessionNews,
  collector: string,
  idOf: (handle: number) => VerifierId | undefined,
): AgentEvent | undefined {
  switch (news.kind) {
    case 'connected':
      return { kind: 'connected', collector, over: news.mode };
    case 'disconnected':
      return { ...news, collector };
    case 'refused':
    case 'superseded':
    case 'rejected': {
      const verifier = idOf(news.handle);
      return verifier === undefined ? undefined : verifierEvent(news, verifier);
    }
  }
}

function verifierEvent(
  news: Extract<SessionNews, { readonly handle: number }>,
  verifier: VerifierId,
): AgentEvent {
  switch (news.kind) {
    case 'refused': {
      const { reason, retryInMs } = news;
      return { kind: 'verifier_refused', verifier, reason, retryInMs };
    }
    case 'superseded':
      return { kind: 'verifier_superseded', verifier, retryInMs: news.retryInMs };
    case 'rejected':
      return { kind: 'report_rejected', verifier, reason: news.reason };
  }
}
