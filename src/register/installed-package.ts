// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { createRequire } from 'node:module'
import { isAbsolute, join } from 'node:path'

/** A package that is installed, and the packages that it sees. */
export interface InstalledPackage {
  load(): unknown
  /**
   * Loads what it depends on: with a strict package manager, neither the app nor
   * we can see that; and from elsewhere it could be another version.
   */
  loadDependency(name: string): unknown
  /** The path of a module of what it depends on; `undefined` if there is none. */
  resolveDependency(specifier: string): string | undefined
}

/**
 * Finds the package that the app has: seen from its main script, else from the
 * working directory, else from here.
 */
export function findInstalledPackage(name: string): InstalledPackage | undefined {
  for (const from of [process.argv[1] ?? '', join(process.cwd(), 'app.js'), __filename]) {
    const path = isAbsolute(from) ? resolveFrom(from, name) : undefined
    if (path !== undefined) return new ResolvedPackage(path)
  }
  return undefined
}

class ResolvedPackage implements InstalledPackage {
  readonly #path: string
  readonly #require: NodeJS.Require

  constructor(path: string) {
    this.#path = path
    this.#require = createRequire(path)
  }

  load(): unknown {
    return this.#require(this.#path)
  }

  loadDependency(name: string): unknown {
    return this.#require(name)
  }

  resolveDependency(specifier: string): string | undefined {
    return resolveFrom(this.#path, specifier)
  }
}

function resolveFrom(path: string, specifier: string): string | undefined {
  try {
    return createRequire(path).resolve(specifier)
  } catch {
    return undefined // not installed, or not to be seen from there
  }
}
