/** Reads one YAML or JSON file within bounds, and keeps its positions. */
import { readFileSync, statSync } from 'node:fs'
import type { Document } from 'yaml'
import { plainValue } from './plain-value.ts'
import { quickValue } from './quick-value.ts'
import { place } from './code-frame.ts'
import { ConfigError, type Problem } from '../problem.ts'
import type { Source } from './source.ts'
import { yamlLibrary } from './yaml-library.ts'

/** Bytes. The largest shipped file is a hundredth of it. */
const LARGEST_FILE = 4 * 1024 * 1024

/** Throws a ConfigError for a file that cannot be read, is too large, or is not one sound YAML document. */
export function readSource(file: string): Source {
  return parseSource(file, readText(file))
}

export function parseSource(file: string, text: string): Source {
  const quick = quickValue(text)
  return quick ? placedLater(file, text, quick.value) : placedSource(file, text)
}

/** Its places are looked for when somebody asks for one. */
function placedLater(file: string, text: string, value: unknown): Source {
  let parsed: ReturnType<typeof parse> | undefined
  const places = (): ReturnType<typeof parse> => (parsed ??= parse(text))
  return {
    file,
    text,
    value,
    get document() {
      return places().document
    },
    get lines() {
      return places().lines
    },
  }
}

function parse(text: string): Pick<Source, 'document' | 'lines'> {
  const { LineCounter, parseDocument } = yamlLibrary()
  const lines = new LineCounter()
  // the library looks for a repeated key among all before it, which takes a minute for 40,000 of them
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, uniqueKeys: false, merge: false })
  return { document, lines }
}

/** With all of its places from the first on. Throws as `readSource` does. */
export function placedSource(file: string, text: string): Source {
  const source: Source = { file, text, ...parse(text), value: undefined }
  const broken = syntaxProblems(source)
  if (broken.length > 0) throw new ConfigError(broken)
  const { value, faults } = plainValue(source.document)
  if (faults.length > 0) {
    throw new ConfigError(faults.map(({ message, offset }) => place(source, offset, message, true)))
  }
  source.value = value
  return source
}

function readText(file: string): string {
  try {
    const { size } = statSync(file)
    if (size > LARGEST_FILE) {
      throw new ConfigError([unplaced(file, `the file has ${size} bytes; at most ${LARGEST_FILE} are read`)])
    }
    return readFileSync(file, 'utf8').replace(/^\uFEFF/, '')
  } catch (error) {
    if (error instanceof ConfigError) throw error
    const code = (error as NodeJS.ErrnoException).code
    const why = code === 'ENOENT' ? 'there is no such file' : code === 'EISDIR' ? 'this is a folder' : String(code)
    throw new ConfigError([unplaced(file, `cannot be read: ${why}`)])
  }
}

function unplaced(file: string, message: string): Problem {
  return { file, line: 1, column: 1, message, excerpt: '' }
}

/** Where a key stands that its map has had before. */
function repeatedKeys(document: Document): number[] {
  const { isMap, isScalar, isSeq } = yamlLibrary()
  const places: number[] = []
  const look = (node: unknown): void => {
    if (isSeq(node)) node.items.forEach(look)
    if (!isMap(node)) return
    const seen = new Set<unknown>()
    for (const { key, value } of node.items) {
      look(value)
      if (!isScalar(key)) {
        look(key)
        continue
      }
      if (seen.has(key.value)) places.push(key.range?.[0] ?? 0)
      seen.add(key.value)
    }
  }
  look(document.contents)
  return places
}

/** The parser's own words for people, where the library's would puzzle. */
const WORDS: Record<string, string> = {
  MULTIPLE_DOCS: 'a second document begins here; the file must hold one',
  TAB_AS_INDENT: 'a tab cannot indent YAML, use spaces',
  RESOURCE_EXHAUSTION: 'nested too deeply',
  BLOCK_AS_IMPLICIT_KEY:
    'a map cannot begin in the middle of a line; is the line indented too far, or does a text with ": " lack its quotes?',
}

function syntaxProblems(source: Source): Problem[] {
  const { errors, warnings } = source.document
  // One fault makes the parser stumble on: what it says of later lines is noise, but repeated keys are each a fault.
  const first = errors.find(({ code }) => code === 'RESOURCE_EXHAUSTION') ?? errors[0]
  const problems = (first ? [first] : warnings).map(({ code, message, pos }) => {
    const unquoted = code === 'MISSING_CHAR' && source.text.startsWith('${', pos[0] - 1)
    const words = unquoted ? 'a ${NAME} inside [ ] or { } needs quotes: "${NAME}"' : (WORDS[code] ?? message)
    return { at: unquoted ? pos[0] - 1 : pos[0], words }
  })
  const repeated = first?.code === 'RESOURCE_EXHAUSTION' ? [] : repeatedKeys(source.document)
  const all = [...problems, ...repeated.map((at) => ({ at, words: 'this key stands twice in the same map' }))]
  return all.sort((a, b) => a.at - b.at).map(({ at, words }) => place(source, at, words, true))
}
