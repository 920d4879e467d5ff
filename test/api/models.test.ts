import Fastify from 'fastify'
import { expect, test } from 'vitest'
import { models, type PublicModel } from '../../src/api/routes/models.ts'
import { errorBody, GatewayError } from '../../src/chat/error.ts'
import { against } from './openai-schema.ts'

const known = [
  { id: 'auto', owned_by: 'balanced-call' },
  { id: 'acme/org/big-model', owned_by: 'acme', created: 7 },
]

function server(list: readonly PublicModel[] = known) {
  const app = Fastify()
  app.setErrorHandler((error, _, reply) => {
    const fault = error instanceof GatewayError ? error : new GatewayError('internal', String(error))
    return reply.code(fault.status).send(errorBody(fault))
  })
  void app.register(models, {
    models: () => list,
    suggest: (id, ids) => ids.filter((each) => each[0] === id[0]),
    now: () => 5_000,
  })
  return app
}

test('all models are listed', async () => {
  const response = await server().inject('/v1/models')
  const list = response.json<{ data: unknown[] }>()
  expect(against('ListModelsResponse', list)).toBeUndefined()
  expect(list.data).toEqual([
    { id: 'auto', object: 'model', created: 5, owned_by: 'balanced-call' },
    { id: 'acme/org/big-model', object: 'model', created: 7, owned_by: 'acme' },
  ])
})

test.each(['auto', 'acme/org/big-model', 'acme%2Forg%2Fbig-model'])('%s is found', async (path) => {
  const response = await server().inject(`/v1/models/${path}`)
  expect(against('Model', response.json())).toBeUndefined()
  expect(response.json()).toMatchObject({ id: decodeURIComponent(path), object: 'model' })
})

test('an unknown model is not found, and a near one is named', async () => {
  const response = await server().inject('/v1/models/autoo')
  expect(response.statusCode).toBe(404)
  expect(response.json()).toMatchObject({
    error: { code: 'model_not_found', param: 'model', message: expect.stringContaining("'auto'") },
  })
})

test("a model that gives vectors is listed with the method for them, to clients of Gemini's API", async () => {
  const app = server([
    { id: 'fast', owned_by: 'a' },
    { id: 'vectors', owned_by: 'a', gives: 'vectors' },
  ])
  const { models: list } = (await app.inject({ url: '/v1/models', headers: { 'x-goog-api-key': 'k' } })).json<{
    models: { name: string; supportedGenerationMethods: string[] }[]
  }>()
  expect(list.map(({ name, supportedGenerationMethods: [first] }) => [name, first])).toEqual([
    ['models/fast', 'generateContent'],
    ['models/vectors', 'embedContent'],
  ])
})
