/** The case files beside each format, and what their requests send. */
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { checkFormatFile } from '../../src/config/sections/formats.ts'
import { readCases, type PlacedCase } from '../../src/format-tools/cases/case.ts'
import { encodeCase } from '../../src/format-tools/cases/run-case.ts'
import type { Format } from '../../src/upstream/types.ts'

const FORMATS = join(import.meta.dirname, '../../src/formats')

export function formatFile(name: string): string {
  return join(FORMATS, `${name}.yaml`)
}

const CASES = new Map<string, PlacedCase[]>()
const COMPILED = new Map<string, Format>()
let withCases: string[] | undefined

/** Shipped formats that have case files. */
export function formatsWithCases(): string[] {
  return (withCases ??= findWithCases())
}

function findWithCases(): string[] {
  const folders = readdirSync(import.meta.dirname, { withFileTypes: true }).filter((entry) => entry.isDirectory())
  return folders.map(({ name }) => name).filter((name) => existsSync(formatFile(name)) && casesOf(name).length > 0)
}

export function casesOf(format: string): PlacedCase[] {
  const known = CASES.get(format)
  if (known) return known
  const folder = join(import.meta.dirname, format)
  const files = readdirSync(folder).filter((file) => file.endsWith('.yaml'))
  const cases = files.flatMap((file) => readCases(join(folder, file)))
  CASES.set(format, cases)
  return cases
}

export function shipped(format: string): Format {
  const compiled = COMPILED.get(format) ?? checkFormatFile(formatFile(format))
  COMPILED.set(format, compiled)
  return compiled
}

export type Body = Record<string, unknown>

/** A body that a case sends, as it was made and not as it was written down. */
export interface SentBody {
  name: string
  each: PlacedCase
  body: Body
}

export function sentBodies(format: string): SentBody[] {
  const compiled = shipped(format)
  return casesOf(format)
    .filter((each) => each.sends !== undefined)
    .map((each) => ({
      name: each.name,
      each,
      body: JSON.parse(String(encodeCase(each, compiled).request.body)) as Body,
    }))
}
