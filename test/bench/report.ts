/** The results as lines for people. */
import type { Candidate, Result } from './measure.ts'
import type { StreamsResult } from './streams.ts'

const COLUMNS = [36, 12, 15, 9, 7, 12, 9]
const line = (...cells: string[]): string =>
  cells
    .map((cell, index) => (index < 2 ? cell.padEnd(COLUMNS[index] ?? 0) : cell.padStart(COLUMNS[index] ?? 0)))
    .join(' ')

let headed = false

export function printPhase({ phase, rows }: Result): void {
  if (!headed) console.log(line('', '', 'CPU µs a unit', '× bare', 'best', 'units a s', '× bare'))
  headed = true
  for (const [index, { name, cpu, rate, cpuRatio, bestRatio, rateRatio }] of rows.entries()) {
    const paced = phase.paced ? 'paced' : rateRatio.toFixed(2)
    const title = index === 0 ? `${phase.name} (${phase.unit})` : ''
    console.log(
      line(title, name, cpu.toFixed(1), cpuRatio.toFixed(2), bestRatio.toFixed(2), Math.round(rate).toString(), paced),
    )
  }
}

export function printStreams(open: StreamsResult[], candidates: Candidate[]): void {
  console.log('')
  for (const { name, rss, aborted, streams } of open) {
    const startUp = candidates.find(({ process }) => process.name === name)?.process.startUp ?? Number.NaN
    console.log(
      `${name}: ${(rss / 1e6).toFixed(0)} MB with ${streams} streams open, ${aborted} of ${streams} aborted upstream when their ` +
        `clients left, listening ${startUp.toFixed(0)} ms after its start`,
    )
  }
}
