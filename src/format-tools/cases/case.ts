/** Cases of a wire format, as they stand in YAML files beside it: the form is the same for shipped formats and for users'. */
import { readFileSync } from 'node:fs'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { codeFrame } from '../../config/document/code-frame.ts'
import { ConfigError, fault } from '../../config/problem.ts'
import { schemaFault } from '../../config/schema-message.ts'
import { parseSource, readSource } from '../../config/document/read-source.ts'
import type { Source } from '../../config/document/source.ts'

/** One rule: a client's body and what the vendor must get for it, or a vendor's answer and what the client must get. */
export interface Case {
  name: string
  client?: Record<string, unknown>
  model?: string
  sends?: Record<string, unknown>
  path?: string
  headers?: Record<string, string | null>
  warns?: string[]
  refuses?: Record<string, unknown>
  answers?: unknown
  streams?: string
  streams_base64?: string
  status?: number
  answer_headers?: Record<string, string>
  gives?: Record<string, unknown>
  signals?: Record<string, unknown>[]
}

/** A case and where it stands. */
export interface PlacedCase extends Case {
  file: string
  /** Counted from 1. */
  line: number
}

const validate = new Ajv2020({ allErrors: true, verbose: true, strict: false }).compile(
  JSON.parse(readFileSync(new URL('case.schema.json', import.meta.url), 'utf8')) as object,
)

/** Throws a ConfigError that names line and column of what is no case. */
export function readCases(file: string): PlacedCase[] {
  return casesOf(readSource(file))
}

/** The same of a text. @param file for messages */
export function parseCases(file: string, text: string): PlacedCase[] {
  return casesOf(parseSource(file, text))
}

function casesOf(source: Source): PlacedCase[] {
  if (!validate(source.value)) {
    const faults = (validate.errors ?? []).flatMap((error) => schemaFault(error) ?? [])
    throw new ConfigError(faults.map((fault) => codeFrame(source, fault)))
  }
  const cases = source.value as Case[]
  const empty = cases.flatMap((each, i) => contradiction(each).map((message) => codeFrame(source, fault([i], message))))
  if (empty.length > 0) throw new ConfigError(empty)
  return cases.map((each, i) => {
    const { line } = codeFrame(source, { path: [i, 'name'], message: '', at: 'key', offset: 0 })
    return { ...each, file: source.file, line }
  })
}

/** What a schema would say in words that nobody understands. */
function contradiction(each: Case): string[] {
  const asks = each.sends ?? each.refuses ?? each.path ?? each.headers
  const answered = [each.answers, each.streams, each.streams_base64].filter((answer) => answer !== undefined)
  if (asks === undefined && answered.length === 0) {
    return ['a case says what is sent (sends, path, headers or refuses), or what is answered (answers or streams)']
  }
  if (each.sends && each.refuses) return ['either sends or refuses, not both']
  return answered.length > 1 ? ['one answer: answers, streams or streams_base64'] : []
}
