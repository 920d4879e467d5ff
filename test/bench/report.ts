/** The results as lines for people. */
import { GOALS, verdictOf } from './goals.ts'
import type { Result } from './measure.ts'
import type { Run } from './run.ts'

const COLUMNS = [42, 24, 14, 8, 8, 12, 20]
const line = (...cells: string[]): string =>
  cells
    .map((cell, index) => (index < 2 ? cell.padEnd(COLUMNS[index] ?? 0) : cell.padStart(COLUMNS[index] ?? 0)))
    .join(' ')

let headed = false

export function printPhase({ phase, offered, rows }: Result): void {
  if (!headed) console.log(line('', '', 'CPU µs a unit', '× bare', 'best', 'units a s', 'at its limit'))
  headed = true
  for (const [index, { name, cpu, rate, cpuRatio, bestRatio, saturated }] of rows.entries()) {
    const title = index === 0 ? `${phase.name}${offered ? ` at ${offered}/s` : ''} (${phase.unit})` : ''
    const limit = saturated ? `${saturated.cpu.toFixed(1)} at ${Math.round(saturated.rate)}/s` : ''
    console.log(
      line(title, name, cpu.toFixed(1), cpuRatio.toFixed(2), bestRatio.toFixed(2), Math.round(rate).toString(), limit),
    )
  }
}

export function printRest({ open, idle = [], past, startUp, notes }: Run): void {
  console.log('')
  for (const { name, rss, aborted, streams } of open) {
    const resident = (rss / 1e6).toFixed(0)
    console.log(
      `${name}: ${resident} MB with ${streams} streams open, ${aborted} aborted upstream when their clients left`,
    )
  }
  for (const { name, resident, counted } of idle) {
    const [all, own] = [resident, counted].map((bytes) => (bytes / 1000).toFixed(1))
    console.log(
      `${name}: a stream that waits for its next chunk weighs ${all} kB resident, ${own} kB in heap and buffers`,
    )
  }
  if (past) {
    const [before, after] = [past.before, past.after].map((bytes) => (bytes / 1e6).toFixed(2))
    console.log(`gateway: heap and buffers ${before} MB before ${past.requests} requests, ${after} MB after`)
  }
  if (startUp)
    console.log(`first answer ${startUp.best.toFixed(0)} ms after the start, ${startUp.providers} owners of models`)
  for (const note of notes) console.log(note)
}

export function printGoals(run: Run): void {
  console.log('')
  for (const goal of GOALS) {
    const measured = goal.measured(run)
    if (measured === undefined) continue
    const { phase, must, aim, unit, least } = goal
    const wanted = `${least ? '≥' : '≤'} ${must}${aim === undefined ? '' : `, aim ${aim}`}`
    console.log(
      `${phase.padEnd(50)} ${(measured.toFixed(2) + unit).padStart(12)}  ${wanted.padEnd(16)} ${verdictOf(goal, measured)}`,
    )
  }
}
