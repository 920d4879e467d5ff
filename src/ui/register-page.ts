/** GET /ui: the page for administrators. Its files are the same for everybody; what they ask for wants an administrator's key. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { readPage, type Page } from './page-files.ts'

export function registerPage(app: FastifyInstance): void {
  // read when somebody looks at it first
  let page: Page | undefined

  function send(path: string, request: FastifyRequest, reply: FastifyReply): FastifyReply | void {
    page ??= readPage()
    const file = page.files.get(path)
    if (!file) return reply.callNotFound()
    void reply.headers({
      etag: file.etag,
      'cache-control': 'no-cache',
      'content-security-policy': page.policy,
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'no-referrer',
      'cross-origin-opener-policy': 'same-origin',
      'cross-origin-resource-policy': 'same-origin',
    })
    if (request.headers['if-none-match'] === file.etag) return reply.code(304).send()
    return reply.type(file.type).send(file.body)
  }

  app.get('/ui', (request, reply) => send('', request, reply))
  app.get<{ Params: { '*': string } }>('/ui/*', (request, reply) => send(request.params['*'], request, reply))
}
