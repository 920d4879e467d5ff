/** A plan's report, for people. */
import type { PlanReport } from './plan.ts'
import type { Remedy } from './target.ts'

export function formatPlan(report: PlanReport): string {
  const { model, requests, seconds, goodput, failed, wait, errors, refused, keys } = report
  const statuses = Object.entries(report.statuses).map(([status, count]) => `${count} with ${status}`)
  const lines = [
    `${requests} requests for ${model} in ${duration(seconds)}`,
    ...worldLines(report.world),
    '',
    `served          ${goodput.toFixed(2)} %`,
    `failed          ${failed}${statuses.length > 0 ? ` (${statuses.join(', ')})` : ''}`,
    `wait            median ${duration(wait.p50)}, 99 % within ${duration(wait.p99)}, longest ${duration(wait.longest)}`,
    `errors seen     ${errors}, those that SDKs retried included`,
    `upstream 429s   ${refused}`,
    '',
    ...table(
      ['key', 'requests', '429s', 'tightest limit', 'used'],
      keys.map(({ key, served, refused, tightest }) => [
        key,
        String(served),
        String(refused),
        tightest?.limit ?? 'none',
        tightest ? `${tightest.percentage.toFixed(0)} %` : '',
      ]),
    ),
  ]
  if (report.target) lines.push('', ...targetLines(report.target))
  return `${lines.join('\n')}\n`
}

function worldLines({ limits, bare, seconds, reserves }: PlanReport['world'] = {}): string[] {
  const supposed = [
    limits === undefined ? '' : `enforce ${(100 * limits).toFixed(0)} % of the limits`,
    bare ? 'tell no numbers' : '',
    seconds ? 'admit requests a second at a time' : '',
    reserves === undefined ? '' : `reserve ${reserves} tokens where no maximum is set`,
  ].filter((text) => text !== '')
  return supposed.length === 0 ? [] : [`supposing that providers ${supposed.join(', ')}`]
}

function targetLines({ percentage, reached, remedies }: NonNullable<PlanReport['target']>): string[] {
  if (reached) return [`The target of ${percentage} % is reached.`]
  return [`To serve ${percentage} %, any one of these:`, ...remedies.map((remedy) => `- ${remedyLine(remedy)}`)]
}

function remedyLine(remedy: Remedy): string {
  if (remedy.add === 'keys') {
    const { provider, more, most } = remedy
    if (more === undefined) return `${provider}: not even ${most} more keys of the same kinds`
    return `${provider}: ${more} more ${more === 1 ? 'key' : 'keys'} of the same kinds, each of an account of its own`
  }
  if (remedy.factor === undefined) return `not even ${remedy.most} times all limits`
  return `all limits ${remedy.factor.toFixed(2)} times as high`
}

function duration(seconds: number): string {
  if (seconds < 1) return `${(seconds * 1000).toFixed(0)} ms`
  if (seconds < 120) return `${seconds.toFixed(1)} s`
  return seconds < 7200 ? `${(seconds / 60).toFixed(1)} min` : `${(seconds / 3600).toFixed(1)} h`
}

function table(head: string[], rows: string[][]): string[] {
  const widths = head.map((title, column) => Math.max(title.length, ...rows.map((row) => row[column]?.length ?? 0)))
  const line = (cells: string[]): string =>
    cells
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd()
  return [line(head), ...rows.map(line)]
}
