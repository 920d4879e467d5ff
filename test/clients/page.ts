/** What the runs saw, as the table of docs/CLIENTS.md: rows of clients that were not run now stay as they were. */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { CLIENTS } from './client-list.ts'

/** `its own`: the client fails by its own doing, and the note under the table says how. */
export type Cell = 'yes' | 'no' | 'its own'

export interface Row {
  name: string
  version: string
  cells: Cell[]
  own: Record<string, string>
}

const PAGE = join(import.meta.dirname, '../../docs/CLIENTS.md')
const MARKS = ['<!-- clients: begin -->', '<!-- clients: end -->'] as const

export function writeRow(cases: string[], row: Row): void {
  const failing = cases.filter((_, index) => row.cells[index] === 'its own')
  const notes = failing.map((name) => `- ${row.name}, ${name}: ${row.own[name]}`)
  write(row.name, cases, [`| ${row.name} | ${row.version} | ${today()} | ${row.cells.join(' | ')} |`, ...notes])
}

/** What a suite of others' tests saw: a line below the table. */
export function writeSuite(cases: string[], name: string, about: string): void {
  write(name, cases, [`- ${name}, ${today()}: ${about}`])
}

function write(name: string, cases: string[], lines: string[]): void {
  const page = readFileSync(PAGE, 'utf8')
  const [before = '', rest = ''] = page.split(MARKS[0])
  const [table = '', after = ''] = rest.split(MARKS[1])
  const kept = table.split('\n').filter((line) => nameIn(line) !== undefined && nameIn(line) !== name)
  const all = [...kept, ...lines]
  const names = [...CLIENTS.map((client) => client.name), ...all.map(nameIn)]
  const sorted = [...new Set(names)].flatMap((each) => all.filter((line) => nameIn(line) === each))
  const head = `| client | version | run | ${cases.join(' | ')} |\n|${'---|'.repeat(cases.length + 3)}`
  const rows = sorted.filter((line) => line.startsWith('|')).join('\n')
  const said = sorted.filter((line) => line.startsWith('-')).join('\n')
  const body = [`${head}\n${rows}`, ...(said === '' ? [] : [said])].join('\n\n')
  writeFileSync(PAGE, `${before}${MARKS[0]}\n\n${body}\n\n${MARKS[1]}${after}`)
}

function today(): string {
  return new Date().toISOString().slice(0, 10)
}

/** The client that a row of the table or a note below it is about. */
function nameIn(line: string): string | undefined {
  const name = /^(?:\| ([^|]+) \||- ([^,]+),)/.exec(line)
  return name && name[1] !== 'client' ? (name[1] ?? name[2]) : undefined
}
