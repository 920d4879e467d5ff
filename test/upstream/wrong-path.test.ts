import { expect, it } from 'vitest'
import { GatewayError } from '../../src/chat/error.ts'
import { withPathAdvice } from '../../src/upstream/wrong-path.ts'

it('a missing path is guessed at where nothing says what is not there, and never where a model is named', () => {
  const target = { base_url: 'https://a.example/team', model: 'm-1', secret: '', headers: {} }
  const told = (message: string, path = '/chat/completions') =>
    withPathAdvice(new GatewayError('not_found', message), 404, `https://a.example/team${path}?a=1`, target)
  expect(told('Not Found.')).toMatchObject({
    message: 'Not Found (perhaps there is nothing at /chat/completions: base_url may lack /v1)',
    code: 'model_not_found',
  })
  const elsewhere = 'Not found (perhaps there is nothing at /model/m/converse: check base_url)'
  expect(told('Not found', '/model/m/converse').message).toBe(elsewhere)
  for (const words of [
    'no such model',
    'm-1: not found',
    'The deployment does not exist',
    'no such model, GET /v1/models lists them',
  ])
    expect(told(words).message).toBe(words)
})
