import { describe, expect, test } from 'vitest'
import { load, problemsOf } from './files.ts'

describe('state', () => {
  test('is none where no server is named: each process counts for itself', () => {
    expect(load('providers: {}').state).toBeUndefined()
  })

  test('has defaults', () => {
    expect(load('providers: {}\nstate: { url: "valkey://10.0.0.5:6379/2" }').state).toEqual({
      url: 'valkey://10.0.0.5:6379/2',
      prefix: 'balanced-call',
      timeout: 50,
      on_loss: 'share',
      replicas: 1,
    })
  })

  test('may be named by the environment alone; the file goes before it', () => {
    const env = { BALANCED_CALL_STATE_URL: 'redis://from-env' }
    expect(load('providers: {}', env).state?.url).toBe('redis://from-env')
    expect(load('providers: {}\nstate: { url: "redis://from-file" }', env).state?.url).toBe('redis://from-file')
    expect(load('providers: {}\nstate: { on_loss: refuse }', env).state).toMatchObject({ on_loss: 'refuse' })
  })

  test('is none where the environment has something else under that name', () => {
    expect(load('providers: {}', { BALANCED_CALL_STATE_URL: 'no-key-set-here' }).state).toBeUndefined()
  })

  test.each([
    'redis://10.0.0.5',
    'rediss://user:p%40ss@state.internal:6380/1',
    'redis+sentinel://:p@[fd00::1]:26379,b/main',
    'redis+sentinel://a/main/2',
    'valkeys+cluster://a:6379,b:6379',
    'redis+cluster://a/0',
  ])('takes %s', (url) => {
    expect(load(`providers: {}\nstate: { url: "${url}" }`).state?.url).toBe(url)
  })

  test.each([
    'redis://a:6379,b:6379',
    'redis+sentinel://a:26379',
    'redis+other://a',
    'redis://:pass/word@a',
    'redis://a:99999',
    'redis+cluster://a,,b',
    'redis://:%@a',
    'redis://a/first',
    'redis://a/-1',
    'redis://a/0/1',
    'redis+sentinel://a/main/first',
    'redis+cluster://a/1',
  ])('refuses %s', (url) => {
    const [problem] = problemsOf(() => load(`providers: {}\nstate: { url: "${url}" }`))
    expect(problem?.excerpt).toContain('url:')
    expect(`${problem?.message} ${problem?.excerpt}`).not.toContain('pass/word')
  })

  test('without any server is a fault that says what to do', () => {
    const [problem] = problemsOf(() => load('providers: {}\nstate: { prefix: a }'))
    expect(problem?.message).toContain('BALANCED_CALL_STATE_URL')
  })

  test.each(['url: "http://127.0.0.1"', 'on_loss: maybe', 'replicas: 0', 'prefix: "a b"', 'timeout: soon'])(
    'refuses { %s }',
    (written) => {
      const url = written.startsWith('url') ? '' : 'url: "redis://127.0.0.1", '
      expect(problemsOf(() => load(`providers: {}\nstate: { ${url}${written} }`))).not.toEqual([])
    },
  )
})
