/** What Fastify adds to the bare relay: its router, its body parser and its reply; bytes as they are. */
import Fastify from 'fastify'
import type { FastifyReply } from 'fastify'
import { Pool } from 'undici'

const pool = new Pool(process.env['UPSTREAM'] ?? process.argv[2] ?? '', {
  connections: 2000,
  pipelining: 1,
  bodyTimeout: 0,
})
const app = Fastify({ logger: false, bodyLimit: 32 * 1024 * 1024 })
app.addContentTypeParser<Buffer>('application/json', { parseAs: 'buffer' }, (_request, body, done) => done(null, body))
app.post('/*', (request, reply) =>
  relay(request.url, request.headers.authorization ?? '', request.body as Buffer, reply),
)
await app.listen({ port: Number(process.env['PORT']), host: '127.0.0.1' })

function relay(path: string, authorization: string, body: Buffer, reply: FastifyReply): void {
  const response = reply.raw
  let abort = (): void => undefined
  response.on('close', () => {
    if (!response.writableFinished) abort()
  })
  reply.hijack()
  pool.dispatch(
    { path, method: 'POST', headers: { 'content-type': 'application/json', authorization }, body },
    {
      onRequestStart(controller) {
        abort = () => controller.abort(new Error('the client has gone'))
      },
      onResponseStart(_controller, status, headers) {
        const head: Record<string, string | string[]> = { 'content-type': headers['content-type'] ?? '' }
        const length = headers['content-length']
        if (length !== undefined) head['content-length'] = length
        response.writeHead(status, head)
      },
      onResponseData(controller, bytes) {
        if (response.write(bytes)) return
        controller.pause()
        response.once('drain', () => controller.resume())
      },
      onResponseEnd() {
        response.end()
      },
      onResponseError() {
        if (response.headersSent) response.destroy()
        else response.writeHead(502).end()
      },
    },
  )
}
