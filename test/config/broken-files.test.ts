import { describe, expect, test } from 'vitest'
import { loadConfig } from '../../src/config/load.ts'
import { BROKEN_DEFINITIONS } from './broken-definitions.ts'
import { BROKEN_FILES } from './broken-files.ts'
import { folder, problemsOf, unmarked, write } from './files.ts'

describe('a broken file is reported at the exact line and column, with what was expected and the near miss', () => {
  test.each([...BROKEN_FILES, ...BROKEN_DEFINITIONS])('$what', ({ text: marked, messages }) => {
    const { text, places } = unmarked(marked)
    const file = write(folder(), 'providers.yaml', text)
    const problems = problemsOf(() => loadConfig(file, {}))
    expect(problems.map(({ line, column, message }) => `${line}:${column} ${message}`)).toEqual(
      places.map(({ line, column }, index) => {
        const message = messages[index] ?? ''
        // a list of all known components grows; its beginning is enough
        return message.endsWith('(')
          ? expect.stringContaining(`${line}:${column} ${message}`)
          : `${line}:${column} ${message}`
      }),
    )
    expect(places).toHaveLength(messages.length)
    for (const problem of problems) {
      expect(problem.file).toBe(file)
      if (problem.excerpt !== '' && !problem.excerpt.includes('•••'))
        expect(caretColumn(problem.excerpt)).toBe(problem.column)
    }
  })
})

/** The column that the caret points to, in a line that is shown whole. */
function caretColumn(excerpt: string): number {
  const [line = '', caret = ''] = excerpt.split('\n')
  return caret.indexOf('^') - line.indexOf('| ') - 1
}
