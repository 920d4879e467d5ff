import { describe, expect, it } from 'vitest'
import { createMissingRoutes } from '../../src/gateway/retry/missing-routes.ts'

describe('missing routes', () => {
  let time = 0
  const route = (model: string) => ({ provider: 'p', model, weight: 1, tier: 0, limits: [] })
  const pool = { model: 'm', weight: 1, limits: [], routes: [route('a'), route('b')] }
  const made = () => createMissingRoutes([pool], () => time)

  it('are tried again after an hour, by one', () => {
    const missing = made()
    expect(missing.now()).toBeUndefined()
    missing.missed('p/a')
    expect([...(missing.now() ?? [])]).toEqual(['p/a'])
    time += 3_600_000
    expect(missing.now()).toBeUndefined()
    missing.tried('p/a')
    expect([...(missing.now() ?? [])]).toEqual(['p/a'])
    missing.found('p/a')
    expect(missing.now()).toBeUndefined()
  })

  it('are those of models with several routes alone', () => {
    const missing = made()
    for (let i = 0; i < 1000; i++) missing.missed(`p/${i}`)
    expect(missing.now()).toBeUndefined()
  })
})
