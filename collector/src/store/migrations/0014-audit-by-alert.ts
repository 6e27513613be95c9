/** Finds the entries about one alert: its transitions, and what people said of it. */
export const auditByAlert = `
create index audit_by_alert on audit (
  case when json_valid(body) then coalesce(json_extract(body, '$.detail.alert'), json_extract(body, '$.detail.alertId')) end,
  number
);
`;
