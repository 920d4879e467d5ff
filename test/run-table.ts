/** A table that a run writes into a page of docs: rows of what was not run now stay as they were. */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

export interface RunTable {
  /** Relative to the project's root. */
  page: string
  /** Of the comments in the page that stand around it. */
  mark: string
  /** What a row is about: the heading of the first column. */
  about: string
  /** Rows' names in their order; others come behind. */
  order: string[]
}

export interface Row {
  name: string
  version: string
  cells: string[]
  /** Told below the table, by column. */
  notes: Record<string, string>
}

export function writeRow(table: RunTable, columns: string[], { name, version, cells, notes }: Row): void {
  const told = Object.entries(notes).map(([column, note]) => `- ${name}, ${column}: ${note}`)
  writeLines(table, columns, name, [`| ${name} | ${version} | ${today()} | ${cells.join(' | ')} |`, ...told])
}

/** A line below the table in place of a row. */
export function writeLine(table: RunTable, columns: string[], name: string, about: string): void {
  writeLines(table, columns, name, [`- ${name}, ${today()}: ${about}`])
}

function writeLines(table: RunTable, columns: string[], name: string, lines: string[]): void {
  const file = join(import.meta.dirname, '..', table.page)
  const marks = ['begin', 'end'].map((which) => `<!-- ${table.mark}: ${which} -->`)
  const [before = '', rest = ''] = readFileSync(file, 'utf8').split(marks[0] ?? '')
  const [old = '', after = ''] = rest.split(marks[1] ?? '')
  const nameIn = (line: string): string | undefined => {
    const found = /^(?:\| ([^|]+) \||- ([^,]+),)/.exec(line)
    return found && found[1] !== table.about ? (found[1] ?? found[2]) : undefined
  }
  const kept = old.split('\n').filter((line) => nameIn(line) !== undefined && nameIn(line) !== name)
  const all = [...kept, ...lines]
  const names = [...table.order, ...all.map(nameIn)]
  const sorted = [...new Set(names)].flatMap((each) => all.filter((line) => nameIn(line) === each))
  const head = `| ${table.about} | version | run | ${columns.join(' | ')} |\n|${'---|'.repeat(columns.length + 3)}`
  const rows = sorted.filter((line) => line.startsWith('|')).join('\n')
  const said = sorted.filter((line) => line.startsWith('-')).join('\n')
  const body = [`${head}\n${rows}`, ...(said === '' ? [] : [said])].join('\n\n')
  writeFileSync(file, `${before}${marks[0]}\n\n${body}\n\n${marks[1]}${after}`)
}

function today(): string {
  return new Date().toISOString().slice(0, 10)
}
