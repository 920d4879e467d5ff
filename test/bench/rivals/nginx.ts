/** nginx where it is installed: not a gateway, but what passing bytes on costs without a virtual machine. */
import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Candidate } from '../measure.ts'
import { freePort, start } from '../process.ts'

export async function nginx(upstream: number, directory: string): Promise<Candidate> {
  const asked = spawnSync('nginx', ['-v'], { encoding: 'utf8' })
  if (asked.error) throw new Error('nginx is not installed')
  const version = /nginx\/([\d.]+)/.exec(asked.stderr)?.[1] ?? ''
  const port = await freePort()
  const config = join(directory, 'nginx.conf')
  writeFileSync(config, configuration(port, upstream, directory))
  return {
    process: await start(`nginx ${version}`, ['-p', directory, '-c', config], port, { program: 'nginx' }),
    bare: true,
  }
}

/** One process, no buffering of answers, connections to the upstream kept: as a gateway has to work. */
const configuration = (port: number, upstream: number, directory: string): string => `
daemon off; master_process off; pid ${directory}/nginx.pid; error_log stderr error; worker_rlimit_nofile 16384;
events { worker_connections 8192; }
http {
  access_log off; tcp_nodelay on;
  client_body_temp_path ${directory}/body; proxy_temp_path ${directory}/proxy; fastcgi_temp_path ${directory}/fastcgi;
  uwsgi_temp_path ${directory}/uwsgi; scgi_temp_path ${directory}/scgi;
  client_max_body_size 32m; client_body_buffer_size 1m; keepalive_requests 1000000000; keepalive_timeout 600;
  upstream vendor { server 127.0.0.1:${upstream}; keepalive 2000; keepalive_requests 1000000000; keepalive_time 24h; }
  server {
    listen 127.0.0.1:${port} backlog=4096;
    location / {
      proxy_pass http://vendor; proxy_http_version 1.1; proxy_set_header Connection "";
      proxy_buffering off; proxy_read_timeout 600;
    }
  }
}
`
