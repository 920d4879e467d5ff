import { expect, it } from 'vitest'
import { GatewayError } from '../../src/chat/error.ts'
import { withoutAddress } from '../../src/gateway/errors.ts'

it('of a message that names the address otherwise, none of it is left', () => {
  const told = (message: string, host: string): string =>
    withoutAddress(new GatewayError('bad_answer', message, { host }), 'near')
  expect(told('Cannot reach box.lan:80: getaddrinfo EAI_FAIL box.lan.', 'box.lan:80')).toBe(
    'Cannot reach near: getaddrinfo EAI_FAIL near.',
  )
  expect(told('box.lan answered with a redirect (302) to //10.0.0.7/in; correct the base_url.', 'box.lan')).toBe(
    'near answered with a redirect (302) to another address; correct the base_url.',
  )
  expect(told('my-box.lan is not box.lan', 'box.lan')).toBe('my-box.lan is not near')
})

it('what the client is to do is a sentence of its own', () => {
  const said = (message: string): string => withoutAddress(new GatewayError('connection', message), 'up')
  expect(said('no token in its answer')).toMatch(/^no token in its answer\. Try again;/)
  expect(said('It refused.')).toMatch(/^It refused\. Try again;/)
})
