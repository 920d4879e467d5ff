/** What real requests showed, as text for people. */
import { table } from '../catalogue/table.ts'
import { measured } from './capabilities.ts'
import type { Exchange } from './exchange.ts'

export function liveText(provider: string, model: string, exchanges: Exchange[]): string {
  const rows = exchanges.map(({ probe, faults, milliseconds, warnings }) => [
    faults.length === 0 ? 'ok' : 'FAIL',
    probe.name,
    `${milliseconds} ms`,
    [...faults, ...warnings.map((warning) => `warning: ${warning}`)].join('; ').slice(0, 200),
  ])
  const found = Object.entries(measured(exchanges)).map(([name, can]) => `${name}: ${can}`)
  const failed = exchanges.filter(({ faults }) => faults.length > 0).length
  return [
    `${provider}/${model}`,
    table(['', 'probe', 'took', ''], rows),
    `measured: ${model}: { ${found.join(', ')} }`,
    failed === 0 ? `all ${exchanges.length} probes hold` : `${failed} of ${exchanges.length} probes fail`,
  ].join('\n\n')
}
