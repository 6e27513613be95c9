/** What receivers were told of an alert, and what of it a notice tells; of older rows nothing was. */
export const told = `
update alert set body = json_set(body, '$.told', null);
delete from notice;
`;
