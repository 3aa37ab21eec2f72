// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { cp, readFile, readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { COMPAT_FOLDER, ROOT, npm, run } from './processes.mjs'

/** Packs the package as it would be published, and returns the tarball's path. */
export async function packPackage(folder) {
  console.log('packing otel-tape …')
  await npm(ROOT, 'pack', '--pack-destination', folder)
  const [name] = (await readdir(folder)).filter((file) => file.endsWith('.tgz'))
  return join(folder, name)
}

/** Installs a line's packages as locked, the tarball, and the apps that run there. */
export async function installLine({ folder: name, sdk, nodeMajor }, tarball) {
  const folder = join(COMPAT_FOLDER, name)
  await installPackage(folder, tarball)
  const node = await findNode(folder, nodeMajor)
  // Beside the packages, for that is where Node and TypeScript look for them.
  const home = join(folder, 'node_modules/.compat')
  for (const apps of ['app', 'consumer', 'testing/app', 'testing/node']) {
    await cp(join(COMPAT_FOLDER, apps), join(home, apps), { recursive: true })
  }
  // The same TypeScript, once as an ECMAScript module and once as CommonJS.
  const consumer = join(home, 'consumer/consumer')
  await cp(`${consumer}.mts`, `${consumer}.cts`)
  const { stdout } = await run(node, ['--version'])
  return { folder, home, node, title: `SDK ${sdk}, Node ${stdout.trim()}` }
}

export async function installPackage(folder, tarball) {
  console.log(`installing ${folder} …`)
  const lock = await readFile(join(folder, 'package-lock.json'))
  const stamp = join(folder, 'node_modules/.compat-lock')
  const hash = createHash('sha256').update(lock).digest('hex')
  const isInstalled = existsSync(stamp) && (await readFile(stamp, 'utf8')) === hash
  if (!isInstalled) {
    await npm(folder, 'ci', '--ignore-scripts')
    await writeFile(stamp, hash)
  }
  await npm(folder, 'install', '--no-save', '--ignore-scripts', tarball)
}

/** The Node that runs us if it is of that major version, else the one of the package `node`. */
async function findNode(folder, major) {
  if (process.versions.node.startsWith(`${major}.`)) return process.execPath
  const binary = join(folder, 'node_modules/node/bin/node')
  if (!existsSync(join(folder, 'node_modules/node'))) {
    throw new Error(`${folder} is for Node ${major}: run this with it, not with ${process.version}`)
  }
  // Its script fetches the package with the binary for this platform.
  if (!existsSync(binary)) await npm(folder, 'rebuild', 'node', '--ignore-scripts=false')
  return binary
}
