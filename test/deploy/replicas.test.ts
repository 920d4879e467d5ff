/** What stands in deploy/ for several replicas: parsed, checked by kubectl and caddy where they are, and against what the server says. */
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { parse, parseAllDocuments } from 'yaml'
import { isStateUrl } from '../../src/config/sections/state.ts'

const DEPLOY = path.join(import.meta.dirname, '../../deploy')
const read = (file: string): string => readFileSync(path.join(DEPLOY, file), 'utf8')

interface Service {
  image?: string
  build?: string
  read_only?: boolean
  cap_drop?: string[]
  security_opt?: string[]
  ports?: string[]
  tmpfs?: string[]
  volumes?: string[]
  depends_on?: string[]
  environment?: Record<string, string | null>
}

describe('the compose file of replicas', () => {
  const file = parse(read('compose.replicas.yaml'), { merge: true }) as {
    services: Record<string, Service>
    volumes: Record<string, unknown>
  }
  const services = Object.entries(file.services)
  const replicas = services.filter(([, { build }]) => build === '..')

  it('has two replicas with one state, and shows nothing but the balancer, to this machine alone', () => {
    expect(replicas.map(([name]) => name)).toEqual(['replica-1', 'replica-2'])
    for (const [, { environment = {} }] of replicas) {
      const url = (environment['BALANCED_CALL_STATE_URL'] ?? '').replace(/\$\{(\w+)[^}]*\}/g, '$1')
      expect(isStateUrl(url)).toBe(true)
      expect(Object.keys(file.services)).toContain(new URL(url).hostname)
    }
    const shown = services.flatMap(([name, { ports = [] }]) => ports.map((port) => `${name} ${port}`))
    expect(shown).toEqual(['balancer 127.0.0.1:9000:9000'])
  })

  it('names services and volumes that there are, and gives none of them more rights than it needs', () => {
    for (const [name, service] of services) {
      for (const other of service.depends_on ?? []) expect(Object.keys(file.services), name).toContain(other)
      for (const volume of service.volumes ?? []) {
        const [from = ''] = volume.split(':')
        if (from.startsWith('.')) expect(read(from.slice(2))).not.toBe('')
        else expect(Object.keys(file.volumes)).toContain(from)
      }
      expect(service, name).toMatchObject({
        read_only: true,
        cap_drop: ['ALL'],
        security_opt: ['no-new-privileges:true'],
      })
    }
  })

  it('has a balancer that asks each of them whether it is ready', () => {
    const caddy = read('Caddyfile')
    for (const [name] of replicas) expect(caddy).toContain(`${name}:9000`)
    expect(caddy).toContain('health_uri /ready')
    expect(caddy).toContain('flush_interval -1')
  })

  it.skipIf(spawnSync('caddy', ['version']).status !== 0)('has one that caddy takes', () => {
    const { status, stderr } = spawnSync('caddy', ['validate', '--config', 'Caddyfile', '--adapter', 'caddyfile'], {
      cwd: DEPLOY,
      encoding: 'utf8',
    })
    expect([status, /"level":"(warn|error)"/.test(stderr) ? stderr : '']).toEqual([0, ''])
  })
})

interface Resource {
  kind: string
  metadata: { name: string }
  spec: {
    replicas?: number
    selector?: { matchLabels?: Record<string, string> }
    maxUnavailable?: number
    template?: { metadata: { labels: Record<string, string> }; spec: PodSpec }
  }
}

interface PodSpec {
  terminationGracePeriodSeconds?: number
  securityContext: { runAsNonRoot: boolean }
  containers: {
    readinessProbe: object
    lifecycle?: { preStop: { exec: { command: string[] } } }
    securityContext: object
    env?: { name: string; value?: string }[]
    volumeMounts: { name: string }[]
  }[]
  volumes?: { name: string }[]
}

function resources(): Resource[] {
  const built = spawnSync('kubectl', ['kustomize', 'kubernetes'], { cwd: DEPLOY, encoding: 'utf8' })
  const { resources: files } = parse(read('kubernetes/kustomization.yaml')) as { resources: string[] }
  // Without kubectl the files as they are.
  const text = built.error ? files.map((file) => read(`kubernetes/${file}`)).join('\n---\n') : built.stdout
  expect(built.error ? '' : built.stderr).toBe('')
  return parseAllDocuments(text).map((document) => document.toJS() as Resource)
}

describe('the Kubernetes resources', () => {
  const all = resources()
  const of = (kind: string, name = 'balanced-call'): Resource['spec'] =>
    all.find((each) => each.kind === kind && each.metadata.name === name)?.spec as Resource['spec']
  const pods = all.flatMap(({ spec }) => spec.template?.spec ?? [])

  it('let no pod be root, write to its root, or gain rights', () => {
    expect(pods.length).toBe(2)
    for (const { securityContext, containers } of pods) {
      expect(securityContext).toMatchObject({ runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } })
      for (const container of containers)
        expect(container.securityContext).toEqual({
          readOnlyRootFilesystem: true,
          allowPrivilegeEscalation: false,
          capabilities: { drop: ['ALL'] },
        })
    }
  })

  it('send nothing to a replica that is not ready, and let one that stops end what it runs', () => {
    const pod = of('Deployment').template?.spec as PodSpec
    const [gateway] = pod.containers
    expect(gateway?.readinessProbe).toMatchObject({ httpGet: { path: '/ready', port: 'http' } })
    const pause = Number(gateway?.lifecycle?.preStop.exec.command[1])
    expect(pause).toBeGreaterThan(0)
    // what `server.shutdown` gives by default comes after the pause
    expect(pod.terminationGracePeriodSeconds).toBeGreaterThanOrEqual(pause + 60)
    const volumes = (pod.volumes ?? []).map(({ name }) => name)
    expect(gateway?.volumeMounts.map(({ name }) => name)).toEqual(volumes)
  })

  it('keep all but one of at least two replicas through a disruption', () => {
    expect(of('Deployment').replicas).toBeGreaterThanOrEqual(2)
    expect(of('PodDisruptionBudget').maxUnavailable).toBe(1)
    const labels = of('Deployment').template?.metadata.labels ?? {}
    expect(labels).toMatchObject(of('PodDisruptionBudget').selector?.matchLabels ?? { none: '' })
  })

  it('lead replicas to the state', () => {
    const env = of('Deployment').template?.spec.containers[0]?.env ?? []
    const url = env.find(({ name }) => name === 'BALANCED_CALL_STATE_URL')?.value ?? ''
    expect(isStateUrl(url.replace('$(STATE_PASSWORD)', 'secret'))).toBe(true)
    expect(all.some(({ kind, metadata }) => kind === 'Service' && url.includes(`@${metadata.name}:`))).toBe(true)
  })
})
