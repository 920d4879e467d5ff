import { readFileSync } from 'node:fs'
import { setFlagsFromString } from 'node:v8'
import { Ajv } from 'ajv'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { expect, it } from 'vitest'
import { chatRequestSchema } from '../../src/api/chat-completions/request/schema/schema.ts'

// At a start nobody holds the schemas against their own: here somebody does.
it('the schemas of the configuration and of a request are sound themselves', () => {
  const file = new URL('../../src/config/providers.schema.json', import.meta.url)
  const config = new Ajv2020({ keywords: ['x-expected', 'x-words'] })
  expect(config.validateSchema(JSON.parse(readFileSync(file, 'utf8'))), config.errorsText()).toBe(true)
  const request = new Ajv()
  expect(request.validateSchema(chatRequestSchema), request.errorsText()).toBe(true)
})

/** With much of it compiled the engine does so by itself, and then reads `(?i:te|tr)` by the letter (findings/). */
it('names of headers are refused in any letters, also where the engine does not optimise patterns', () => {
  const file = new URL('../../src/config/providers.schema.json', import.meta.url)
  const { $defs } = JSON.parse(readFileSync(file, 'utf8'))
  const patterns = [$defs.provider.properties.headers.propertyNames.pattern, $defs.headerNames.items.pattern]
  setFlagsFromString('--no-regexp-optimization')
  try {
    for (const pattern of patterns) {
      const isGood = (name: string): boolean => new RegExp(pattern, 'u').test(name)
      for (const name of ['Content-Length', 'content-length', 'TE', 'Te', 'Transfer-Encoding', 'x:y', ''])
        expect([name, isGood(name)]).toEqual([name, false])
      expect(['x-a', 'Tea', 'OpenAI-Beta'].filter((name) => !isGood(name))).toEqual([])
    }
  } finally {
    setFlagsFromString('--regexp-optimization')
  }
})
