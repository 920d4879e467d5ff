/** The least that a proxy in Node can do, and the measure of every gateway here: node:http in, undici's dispatch out, bytes as they are. */
import { createServer } from 'node:http'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { Pool } from 'undici'

const pool = new Pool(process.env['UPSTREAM'] ?? process.argv[2] ?? '', {
  connections: 2000,
  pipelining: 1,
  bodyTimeout: 0,
})

createServer((request, response) => {
  const pieces: Buffer[] = []
  request.on('data', (piece: Buffer) => pieces.push(piece))
  request.on('end', () => relay(request, response, pieces.length === 1 ? (pieces[0] ?? null) : Buffer.concat(pieces)))
}).listen(Number(process.env['PORT']), '127.0.0.1')

function relay(request: IncomingMessage, response: ServerResponse, body: Buffer | null): void {
  let abort = (): void => undefined
  response.on('close', () => {
    if (!response.writableFinished) abort()
  })
  pool.dispatch(
    {
      path: request.url ?? '/',
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: request.headers.authorization ?? '' },
      body,
    },
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
