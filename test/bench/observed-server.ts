/** `node observed-server.ts CONFIG [DATA]`: a gateway that logs, counts, prices and keeps its requests, or without DATA does nothing of it. */
import { createApp } from '../../src/app/app.ts'
import { loadConfig } from '../../src/config/load.ts'

const [file = '', data] = process.argv.slice(2)
const isObserved = data !== undefined
const app = await createApp(loadConfig(file, process.env), {
  level: isObserved ? 'info' : 'silent',
  data,
  unobserved: !isObserved,
})
await app.server.listen({ port: Number(process.env['PORT']), host: '127.0.0.1' })
