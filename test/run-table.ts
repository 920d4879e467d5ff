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
  /** By column; what is not there stays as it was, with its note. */
  cells: (string | undefined)[]
  /** Told below the table, by column. */
  notes: Record<string, string>
}

export function writeRow(table: RunTable, columns: string[], { name, version, cells, notes }: Row): void {
  const old = linesOf(table).filter((line) => nameIn(table, line) === name)
  const before =
    old
      .find((line) => line.startsWith('|'))
      ?.split(' | ')
      .slice(3) ?? []
  const all = columns.map((_, at) => cells[at] ?? before[at]?.replace(/ \|$/, '') ?? '')
  const told = columns.flatMap((column, at) => {
    const mark = `- ${name}, ${column}: `
    if (cells[at] === undefined) return old.filter((line) => line.startsWith(mark))
    return notes[column] === undefined ? [] : [mark + notes[column]]
  })
  writeLines(table, columns, name, [`| ${name} | ${version} | ${today()} | ${all.join(' | ')} |`, ...told])
}

/** A line below the table in place of a row. */
export function writeLine(table: RunTable, columns: string[], name: string, about: string): void {
  writeLines(table, columns, name, [`- ${name}, ${today()}: ${about}`])
}

function writeLines(table: RunTable, columns: string[], name: string, lines: string[]): void {
  const kept = linesOf(table).filter((line) => ![undefined, name].includes(nameIn(table, line)))
  const all = [...kept, ...lines]
  const names = new Set([...table.order, ...all.map((line) => nameIn(table, line))])
  const sorted = [...names].flatMap((each) => all.filter((line) => nameIn(table, line) === each))
  const head = `| ${table.about} | version | run | ${columns.join(' | ')} |\n|${'---|'.repeat(columns.length + 3)}`
  const rows = sorted.filter((line) => line.startsWith('|')).join('\n')
  const said = sorted.filter((line) => line.startsWith('-')).join('\n')
  const body = [`${head}\n${rows}`, ...(said === '' ? [] : [said])].join('\n\n')
  const { file, before, after, marks } = parts(table)
  writeFileSync(file, `${before}${marks[0]}\n\n${body}\n\n${marks[1]}${after}`)
}

function parts({ page, mark }: RunTable): {
  file: string
  before: string
  between: string
  after: string
  marks: string[]
} {
  const file = join(import.meta.dirname, '..', page)
  const marks = ['begin', 'end'].map((which) => `<!-- ${mark}: ${which} -->`)
  const [before = '', rest = ''] = readFileSync(file, 'utf8').split(marks[0] ?? '')
  const [between = '', after = ''] = rest.split(marks[1] ?? '')
  return { file, before, between, after, marks }
}

function linesOf(table: RunTable): string[] {
  return parts(table).between.split('\n')
}

/** Whom a row, or a note below the table, is about. */
function nameIn({ about }: RunTable, line: string): string | undefined {
  const found = /^(?:\| ([^|]+) \||- ([^,]+),)/.exec(line)
  return found && found[1] !== about ? (found[1] ?? found[2]) : undefined
}

function today(): string {
  return new Date().toISOString().slice(0, 10)
}
