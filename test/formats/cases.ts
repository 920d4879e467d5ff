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

/** Shipped formats that have case files. */
export function formatsWithCases(): string[] {
  const folders = readdirSync(import.meta.dirname, { withFileTypes: true }).filter((entry) => entry.isDirectory())
  return folders.map(({ name }) => name).filter((name) => existsSync(formatFile(name)) && casesOf(name).length > 0)
}

export function casesOf(format: string): PlacedCase[] {
  const folder = join(import.meta.dirname, format)
  const files = readdirSync(folder).filter((file) => file.endsWith('.yaml'))
  return files.flatMap((file) => readCases(join(folder, file)))
}

export function shipped(format: string): Format {
  return checkFormatFile(formatFile(format))
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
