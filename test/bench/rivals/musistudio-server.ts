/** Started with the folder of the package and the upstream's root: the server has no command line of its own. */
import { createRequire } from 'node:module'

const [folder = '', root = ''] = process.argv.slice(2)
// Its module for `import` does not load: it calls `require`.
const Server = Object(createRequire(import.meta.url)(`${folder}/dist/cjs/server.cjs`)).default
const server = new Server({
  // One line a request and more, as it is published.
  logger: true,
  initialConfig: {
    HOST: '127.0.0.1',
    PORT: process.env['PORT'],
    providers: [
      { name: 'openai', api_base_url: `${root}/v1/chat/completions`, api_key: 'key-1', models: ['bench-json'] },
      {
        name: 'gemini',
        api_base_url: `${root}/v1beta/models/`,
        api_key: 'key-5',
        models: ['bench-json'],
        transformer: { use: ['gemini'] },
      },
    ],
  },
})
await server.start()
