import { useView } from '../../live/use-view.ts';
import { query } from '../../navigation.ts';
import { LeftOut } from '../../ui/left-out.tsx';
import { shortText } from '../../ui/visible-text.ts';
import { Waiting } from '../../ui/waiting.tsx';
import { useTitle } from '../../use-title.ts';
import { IssuerDetail } from './issuer-detail.tsx';
import { IssuerRows } from './issuer-rows.tsx';

/** Every issuer in a line, or the one the address names. */
export function IssuersPage() {
  const issuer = query.value.get('issuer');
  return issuer === null || issuer === '' ? (
    <AllIssuers />
  ) : (
    <OneIssuer key={issuer} issuer={issuer} />
  );
}

function AllIssuers() {
  const view = useView('issuers');
  useTitle('Issuers');
  if (view === undefined || view === null) {
    return <Waiting value={view} missing="The collector could not say which issuers there are." />;
  }
  return (
    <>
      <h1>Issuers</h1>
      {view.issuers.length === 0 ? (
        <p class="empty">No issuer is in the settings of the collector.</p>
      ) : (
        <IssuerRows issuers={view.issuers} />
      )}
      <LeftOut count={view.more} what="issuers" where="keyturn status shows all" />
    </>
  );
}

function OneIssuer({ issuer }: { readonly issuer: string }) {
  const detail = useView('issuer', issuer);
  useTitle(`Issuer ${shortText(issuer, 60)}`);
  return (
    <>
      <p class="soft up">
        <a href="/issuers">All issuers</a>
      </p>
      {detail === undefined || detail === null ? (
        <Waiting
          value={detail}
          missing="The settings of the collector name no such issuer. Issuers are compared to the letter: a slash at the end makes another one."
        />
      ) : (
        <IssuerDetail detail={detail} />
      )}
    </>
  );
}
