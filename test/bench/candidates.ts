/** Whoever is measured: the barest relay first, the gateway, and, when asked for, what others offer. */
import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Candidate } from './measure.ts'
import { configuration } from './phases.ts'
import { freePort, start } from './process.ts'

const file = (name: string): string => fileURLToPath(new URL(name, import.meta.url))

/** @param directory for configurations, and for what is fetched */
export async function startCandidates(upstream: number, directory: string, others: boolean): Promise<Candidate[]> {
  const candidates = [await relay('bare relay', './relay.ts', upstream), await gateway(upstream, directory)]
  if (!others) return candidates
  candidates.push(await relay('Fastify relay', './fastify-relay.ts', upstream))
  for (const make of [portkey, nginx]) {
    try {
      candidates.push(await make(upstream, directory))
    } catch (error) {
      console.log(`left out: ${error instanceof Error ? error.message.split('\n')[0] : String(error)}`)
    }
  }
  return candidates
}

async function relay(name: string, module: string, upstream: number): Promise<Candidate> {
  return { process: await start(name, [file(module), `http://127.0.0.1:${upstream}`], await freePort()), bare: true }
}

/** Another relay stands in while there is no gateway to start: the ratios are then what the method itself leaves over. */
async function gateway(upstream: number, directory: string): Promise<Candidate> {
  const main = file('../../src/main.ts')
  if (!existsSync(main)) return relay('second relay', './relay.ts', upstream)
  const config = join(directory, 'providers.yaml')
  writeFileSync(config, JSON.stringify(configuration(upstream)))
  const port = await freePort()
  const args = [main, 'serve', '--config', config, '--port', String(port)]
  return { process: await start('gateway', args, port), bare: false }
}

/** From the registry into a folder of its own: what is measured against is no part of the project. */
async function portkey(upstream: number, directory: string): Promise<Candidate> {
  const folder = join(directory, 'portkey')
  mkdirSync(folder)
  writeFileSync(join(folder, 'package.json'), '{"private":true}')
  const install = ['install', '--ignore-scripts', '--no-audit', '--no-fund', '@portkey-ai/gateway@1.15.2']
  execFileSync('npm', install, { cwd: folder, stdio: 'ignore' })
  const server = join(folder, 'node_modules/@portkey-ai/gateway/build/start-server.js')
  const port = await freePort()
  return {
    process: await start('Portkey', [server, `--port=${port}`, '--headless'], port),
    bare: false,
    // On this Node it fails to pass streams on.
    fits: ({ provider, unit }) => provider === 'openai' && unit === 'request',
    // It names no model's provider in the body, and takes an upstream's address from a header.
    model: (phase) => phase.model,
    headers: { 'x-portkey-provider': 'openai', 'x-portkey-custom-host': `http://127.0.0.1:${upstream}/v1` },
  }
}

async function nginx(upstream: number, directory: string): Promise<Candidate> {
  const port = await freePort()
  const config = join(directory, 'nginx.conf')
  writeFileSync(
    config,
    `daemon off; master_process off; worker_processes 1; pid ${join(directory, 'nginx.pid')}; error_log stderr;
events { worker_connections 8192; }
http {
  access_log off;
  client_body_temp_path ${directory}; proxy_temp_path ${directory};
  fastcgi_temp_path ${directory}; uwsgi_temp_path ${directory}; scgi_temp_path ${directory};
  client_max_body_size 32m; client_body_buffer_size 1m; keepalive_requests 1000000;
  upstream vendor { server 127.0.0.1:${upstream}; keepalive 2000; keepalive_requests 1000000; }
  server {
    listen 127.0.0.1:${port};
    location / { proxy_pass http://vendor; proxy_http_version 1.1; proxy_set_header Connection ""; proxy_buffering off; }
  }
}`,
  )
  return { process: await start('nginx', ['-c', config], port, 'nginx'), bare: true }
}
