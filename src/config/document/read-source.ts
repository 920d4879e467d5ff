/** Reads one YAML or JSON file within bounds, and keeps its positions. */
import { readFileSync, statSync } from 'node:fs'
import { LineCounter, parseDocument } from 'yaml'
import { plainValue } from './plain-value.ts'
import { place } from './code-frame.ts'
import { ConfigError, type Problem } from '../problem.ts'
import type { Source } from './source.ts'

/** Bytes. The largest shipped file is a hundredth of it. */
const LARGEST_FILE = 4 * 1024 * 1024

/** Throws a ConfigError for a file that cannot be read, is too large, or is not one sound YAML document. */
export function readSource(file: string): Source {
  return parseSource(file, readText(file))
}

export function parseSource(file: string, text: string): Source {
  const lines = new LineCounter()
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, uniqueKeys: true, merge: false })
  const source: Source = { file, text, document, lines, value: undefined }
  const broken = syntaxProblems(source)
  if (broken.length > 0) throw new ConfigError(broken)
  const { value, faults } = plainValue(document)
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

/** The parser's own words for people, where the library's would puzzle. */
const WORDS: Record<string, string> = {
  DUPLICATE_KEY: 'this key stands twice in the same map',
  MULTIPLE_DOCS: 'a second document begins here; the file must hold one',
  TAB_AS_INDENT: 'a tab cannot indent YAML, use spaces',
  RESOURCE_EXHAUSTION: 'nested too deeply',
  BLOCK_AS_IMPLICIT_KEY:
    'a map cannot begin in the middle of a line; is the line indented too far, or does a text with ": " lack its quotes?',
}

function syntaxProblems(source: Source): Problem[] {
  const { errors, warnings } = source.document
  const exhausted = errors.find(({ code }) => code === 'RESOURCE_EXHAUSTION')
  // One fault makes the parser stumble on: what it says of later lines is noise, but duplicate keys are each a fault.
  const first = errors.find(({ code }) => code !== 'DUPLICATE_KEY')
  const worth = exhausted ? [exhausted] : errors.filter((error) => error === first || error.code === 'DUPLICATE_KEY')
  return [...worth, ...(first ? [] : warnings)].map(({ code, message, pos }) => {
    const unquoted = code === 'MISSING_CHAR' && source.text.startsWith('${', pos[0] - 1)
    const words = unquoted ? 'a ${NAME} inside [ ] or { } needs quotes: "${NAME}"' : (WORDS[code] ?? message)
    return place(source, unquoted ? pos[0] - 1 : pos[0], words, true)
  })
}
