/** A long body that waits is held as its bytes, and read again when its turn has come. */
import type { FastifyRequest } from 'fastify'
import type { ChatRequest } from '../../chat/request.ts'

/** @param read makes the request of `request.body`, and is called once more where it had to wait; the body has been taken before, so that it does not throw */
export function readAgain(request: FastifyRequest, read: () => ChatRequest): ChatRequest {
  const chat = read()
  const { bodyBytes } = request
  if (bodyBytes === null) return chat
  chat.again = {
    release() {
      request.body = undefined
    },
    read() {
      request.body = bodyBytes.parse()
      return read()
    },
  }
  return chat
}
