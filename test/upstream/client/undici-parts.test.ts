import * as undici from 'undici'
import { expect, it } from 'vitest'
import * as parts from '../../../src/upstream/http/undici-parts.ts'

it('loads the parts of the library that the whole has, one by one', () => {
  expect(parts.pool()).toBe(undici.Pool)
  expect(parts.connector()).toBe(undici.buildConnector)
  expect(parts.errors().SocketError).toBe(undici.errors.SocketError)
  expect(parts.proxyAgent()).toBe(undici.EnvHttpProxyAgent)
})
