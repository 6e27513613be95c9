/** One expression of a panel and what its series are called. */
export interface Target {
  readonly expr: string;
  readonly legend: string;
  /** Only the latest value is asked for. */
  readonly instant?: boolean;
}

/** A value's name and colour, for states that travel as numbers. */
export interface StateName {
  readonly value: number;
  readonly text: string;
  readonly color: string;
}

export interface Panel {
  readonly title: string;
  /** What it shows and what to look for, for who is on call. */
  readonly description: string;
  readonly kind: 'timeseries' | 'stat' | 'state-timeline' | 'bargauge' | 'table';
  /** Grafana's unit id. */
  readonly unit: string;
  /** Of 24 columns. */
  readonly width: number;
  readonly height: number;
  readonly targets: readonly Target[];
  readonly states?: readonly StateName[];
  readonly stacked?: boolean;
  /** Values from here on are red. */
  readonly redFrom?: number;
}

export interface Row {
  readonly title: string;
  readonly panels: readonly Panel[];
}

/** A choice on top of the page: values of a label. */
export interface Variable {
  readonly name: string;
  readonly label: string;
  readonly query: string;
}

const DATASOURCE = { type: 'prometheus', uid: '${datasource}' } as const;
const COLUMNS = 24;

/** The dashboard as Grafana imports it: rows from top to bottom, panels from left to right. */
export function dashboardJson(
  of: { readonly uid: string; readonly title: string; readonly description: string },
  variables: readonly Variable[],
  rows: readonly Row[],
): object {
  return {
    uid: of.uid,
    title: of.title,
    description: of.description,
    tags: ['keyturn'],
    schemaVersion: 39,
    editable: true,
    graphTooltip: 1,
    refresh: '10s',
    time: { from: 'now-1h', to: 'now' },
    timezone: 'browser',
    annotations: { list: [] },
    templating: { list: [datasourceVariable(), ...variables.map(variableJson)] },
    panels: placed(rows),
  };
}

function placed(rows: readonly Row[]): object[] {
  const panels: object[] = [];
  let y = 0;
  for (const row of rows) {
    panels.push({
      id: panels.length + 1,
      type: 'row',
      title: row.title,
      collapsed: false,
      panels: [],
      gridPos: { h: 1, w: COLUMNS, x: 0, y },
    });
    y += 1;
    let x = 0;
    let height = 0;
    for (const panel of row.panels) {
      if (x + panel.width > COLUMNS) {
        y += height;
        x = 0;
        height = 0;
      }
      const gridPos = { h: panel.height, w: panel.width, x, y };
      panels.push({ id: panels.length + 1, gridPos, ...panelJson(panel) });
      x += panel.width;
      height = Math.max(height, panel.height);
    }
    y += height;
  }
  return panels;
}

function panelJson(panel: Panel): object {
  return {
    type: panel.kind,
    title: panel.title,
    description: panel.description,
    datasource: DATASOURCE,
    targets: panel.targets.map((target, at) => ({
      refId: String.fromCharCode('A'.charCodeAt(0) + at),
      datasource: DATASOURCE,
      expr: target.expr,
      legendFormat: target.legend,
      instant: target.instant ?? false,
      range: target.instant !== true,
      ...(panel.kind === 'table' ? { format: 'table' } : {}),
    })),
    fieldConfig: { defaults: defaultsOf(panel), overrides: [] },
    options: optionsOf(panel),
  };
}

function defaultsOf({ kind, unit, states, stacked, redFrom }: Panel): object {
  return {
    unit,
    min: 0,
    noValue: 'unknown',
    mappings: states === undefined ? [] : [mappingOf(states)],
    thresholds: {
      mode: 'absolute',
      steps: [
        { color: states === undefined ? 'blue' : 'text', value: null },
        ...(redFrom === undefined ? [] : [{ color: 'red', value: redFrom }]),
      ],
    },
    color: { mode: kind === 'timeseries' ? 'palette-classic' : 'thresholds' },
    custom: kind === 'timeseries' ? lines(stacked === true) : {},
  };
}

function mappingOf(states: readonly StateName[]): object {
  return {
    type: 'value',
    options: Object.fromEntries(
      states.map(({ value, text, color }, index) => [String(value), { text, color, index }]),
    ),
  };
}

function lines(isStacked: boolean): object {
  return {
    lineWidth: 1,
    fillOpacity: isStacked ? 25 : 5,
    // A gap is a gap: what was not reported is not drawn through.
    spanNulls: false,
    stacking: { mode: isStacked ? 'normal' : 'none' },
  };
}

function optionsOf({ kind }: Panel): object {
  const last = { reduceOptions: { calcs: ['lastNotNull'], fields: '', values: false } };
  switch (kind) {
    case 'timeseries':
      return { legend: { displayMode: 'list', placement: 'bottom' }, tooltip: { mode: 'multi' } };
    case 'stat':
      return { ...last, colorMode: 'background', textMode: 'value_and_name' };
    case 'bargauge':
      return { ...last, orientation: 'horizontal', displayMode: 'basic' };
    case 'state-timeline':
      return { showValue: 'auto', mergeValues: true };
    case 'table':
      return { showHeader: true };
  }
}

function datasourceVariable(): object {
  return { name: 'datasource', label: 'Prometheus', type: 'datasource', query: 'prometheus' };
}

function variableJson({ name, label, query }: Variable): object {
  return {
    name,
    label,
    type: 'query',
    datasource: DATASOURCE,
    query: { query, refId: name },
    refresh: 2,
    includeAll: true,
    multi: true,
    allValue: '.*',
    current: { text: 'All', value: '$__all' },
  };
}
