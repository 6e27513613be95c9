/**
 * The one door between what the program speaks of and what crosses the wire. `…ToWire` makes a
 * message that can be sent; `…FromWire` reads what a peer sent and gives the value or the first
 * problem, and never throws.
 */
export {
  factFromWire,
  factToWire,
  type FactWord,
  gateFromWire,
  gateToWire,
  stepFromWire,
  stepToWire,
  type StepWord,
} from './enums.ts';
export type { Checked } from './inspection.ts';
export {
  probeOrdersFromWire,
  probeOrdersToWire,
  probeResultsFromWire,
  probeResultsToWire,
} from './probe-codec.ts';
export {
  type ReceivedReport,
  reportFromWire,
  reportsFromWire,
  reportsToWire,
  reportToWire,
} from './report-codec.ts';
export {
  ackFromWire,
  acksFromWire,
  acksToWire,
  ackToWire,
  goodbyeFromWire,
  goodbyeToWire,
  helloFromWire,
  helloToWire,
  settingsFromWire,
  settingsToWire,
  welcomeFromWire,
  welcomeToWire,
} from './session-codec.ts';
export { checkToWire, verdictFromWire, verdictToWire } from './verdict-codec.ts';
