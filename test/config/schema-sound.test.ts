import { readFileSync } from 'node:fs'
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
