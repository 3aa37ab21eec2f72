// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { cp, mkdir, mkdtemp, readdir, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { transformFile } from '@swc/core'

const ROOT = join(__dirname, '../..')
const APPS = join(__dirname, 'apps')

/** What our package needs to run, in the folder of an app that has installed it. */
const DEPENDENCIES = ['valibot', 'minio']

/** What an app has that follows the advice of the warning, without instrumentations. */
export const SDK = [
  '@opentelemetry/api',
  '@opentelemetry/api-logs',
  '@opentelemetry/core',
  '@opentelemetry/sdk-node',
]

export interface RunOptions {
  /** How Node loads us. Default `--import otel-tape/register`. */
  nodeOptions?: string[]
  /** All of the app's environment, besides `PATH`. */
  env?: Record<string, string>
  /** Default: the app's folder. */
  cwd?: string
}

export interface Ending {
  code: number | null
  signal: NodeJS.Signals | null
  stdout: string
  stderr: string
}

export interface RunningApp {
  readonly process: ChildProcess
  /** Resolves when the app has printed this. Rejects if it ends without. */
  printed(text: string): Promise<void>
  readonly ended: Promise<Ending>
}

/** A folder of an app that has installed otel-tape and some other packages. */
export interface AppFolder {
  readonly path: string
  /** The store that an app records into unless told otherwise. */
  readonly store: string
  /** Starts one of `apps/`; its name is the first parameter. */
  start(parameters: string[], options?: RunOptions): RunningApp
  run(parameters: string[], options?: RunOptions): Promise<Ending>
  /** Makes a package of the app's own. */
  addPackage(name: string, source: string): Promise<void>
  /** Ends what still runs, too. */
  remove(): Promise<void>
}

/** Outside of the repository, so that only the packages given can be found. */
export async function createAppFolder(packages: readonly string[] = SDK): Promise<AppFolder> {
  const folder = new TemporaryAppFolder(await mkdtemp(join(tmpdir(), 'otel-tape-app-')))
  await folder.install(packages)
  return folder
}

class TemporaryAppFolder implements AppFolder {
  readonly #running = new Set<RunningApp>()

  constructor(readonly path: string) {}

  get store(): string {
    return join(this.path, 'tapes')
  }

  async install(packages: readonly string[]): Promise<void> {
    await cp(APPS, this.path, { recursive: true })
    await buildPackage(join(this.path, 'node_modules/otel-tape'))
    for (const name of [...DEPENDENCIES, ...packages]) {
      const link = join(this.path, 'node_modules', name)
      await mkdir(dirname(link), { recursive: true })
      await symlink(join(ROOT, 'node_modules', name), link, 'junction')
    }
  }

  async addPackage(name: string, source: string): Promise<void> {
    const folder = join(this.path, 'node_modules', name)
    await mkdir(folder, { recursive: true })
    await writeFile(join(folder, 'index.js'), source)
  }

  start(parameters: string[], options: RunOptions = {}): RunningApp {
    const { nodeOptions = ['--import', 'otel-tape/register'], env, cwd = this.path } = options
    const child = spawn(process.execPath, [...nodeOptions, ...parameters], {
      cwd,
      env: { PATH: process.env.PATH, OTEL_TAPE_STORE: this.store, ...env },
      stdio: ['pipe', 'pipe', 'pipe'],
      timeout: 60_000,
      killSignal: 'SIGKILL',
    })
    let stdout = ''
    let stderr = ''
    child.stdout.on('data', (text: Buffer) => (stdout += text.toString()))
    child.stderr.on('data', (text: Buffer) => (stderr += text.toString()))
    const ended = once(child, 'close').then((ending) => {
      const [code, signal] = ending as [Ending['code'], Ending['signal']]
      return { code, signal, stdout, stderr }
    })
    const app: RunningApp = {
      process: child,
      ended,
      printed: async (text) => {
        while (!stdout.includes(text)) {
          const next = await Promise.race([once(child.stdout, 'data'), ended])
          if ('code' in next && !stdout.includes(text)) {
            throw new Error(
              `'${parameters.join(' ')}' ended before it printed '${text}': ${stderr}`,
            )
          }
        }
      },
    }
    this.#running.add(app)
    void ended.finally(() => this.#running.delete(app))
    return app
  }

  run(parameters: string[], options?: RunOptions): Promise<Ending> {
    return this.start(parameters, options).ended
  }

  async remove(): Promise<void> {
    for (const app of this.#running) app.process.kill('SIGKILL')
    await Promise.all([...this.#running].map(({ ended }) => ended))
    await rm(this.path, { recursive: true, force: true })
  }
}

/** The sources as they stand, made into the package that npm would install. */
async function buildPackage(folder: string): Promise<void> {
  const source = join(ROOT, 'src')
  await mkdir(folder, { recursive: true })
  await cp(join(ROOT, 'package.json'), join(folder, 'package.json'))
  for (const name of await readdir(source, { recursive: true })) {
    if (!/\.m?ts$/.test(name)) continue
    const { code } = await transformFile(join(source, name), {
      jsc: { parser: { syntax: 'typescript' }, target: 'es2022' },
      module: { type: name.endsWith('.mts') ? 'es6' : 'commonjs' },
    })
    const built = join(folder, 'dist', name.replace(/ts$/, 'js'))
    await mkdir(dirname(built), { recursive: true })
    await writeFile(built, code)
  }
}
