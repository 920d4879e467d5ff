/** Parts of Responses that chat knows by other words. */
import { expect, it } from 'vitest'
import { readResponsesRequest } from '../../src/api/responses/request.ts'

it.each([
  ['original', 'high'],
  ['low', 'low'],
  ['auto', 'auto'],
])('reads a picture of detail %s as one of %s', (given, detail) => {
  const content = [{ type: 'input_image', image_url: 'https://a.example/x.png', detail: given }]
  const { chat } = readResponsesRequest({ model: 'm', input: [{ role: 'user', content }] }, [], false)
  expect(chat.messages[0]?.content).toEqual([{ type: 'image', url: 'https://a.example/x.png', detail }])
})
